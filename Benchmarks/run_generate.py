#!/usr/bin/env python3
"""Times `transect generate` against transformers and llama.cpp, and compares greedy texts.

    pip install -r requirements.txt transformers
    python run_generate.py TRANSECT MODEL PROMPTS.jsonl [--field prompt.text] [-n 25]
        [--max-new 30] [--batch-size 64] [--rounds 2] [--llama BATCHED_BENCH F32.gguf BF16.gguf]

MODEL is a folder of a GPT-2 checkpoint with its tokenizer. Both draw from the nucleus of 0.9 with two
threads, without the end of text before prompts; the peer has its cache and all texts in one batch,
padded on the left. `transect` is timed as a whole process, from which its time for a single token is
taken off; the peer's imports and reading are left out. BATCHED_BENCH is llama.cpp's
llama-batched-bench, which decodes as many sequences at once but draws no tokens.
"""
import argparse
import json
import statistics
import subprocess
import time

import torch
from transformers import GPT2LMHeadModel, GPT2TokenizerFast


def ours(arguments, precision, *options):
    """Seconds of a process, and the texts that it printed."""
    start = time.perf_counter()
    output = subprocess.run(
        [arguments.transect, "generate", arguments.model, "--prompts", arguments.prompts, "--field",
         arguments.field, "--no-bos", "--precision", precision, "--threads", "2", "--batch-size",
         str(arguments.batch_size), "--json", *options], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    return seconds, [json.loads(line) for line in output.stdout.splitlines()[1:]]


def our_rate(arguments, precision):
    """Tokens a second."""
    start, _ = ours(arguments, precision, "-n", "1", "--max-new", "1")
    seconds, rows = ours(
        arguments, precision, "-n", str(arguments.n), "--max-new", str(arguments.max_new))
    return sum(len(row["tokens"]) for row in rows) / (seconds - start), seconds


def their_rate(arguments, model, tokenizer, prompts):
    """Tokens a second; an end of text counts once."""
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    end = tokenizer.eos_token_id
    start = time.perf_counter()
    with torch.inference_mode():
        texts = model.generate(
            **inputs, do_sample=True, top_p=0.9, top_k=0, max_new_tokens=arguments.max_new,
            num_return_sequences=arguments.n, use_cache=True, pad_token_id=end)
    seconds = time.perf_counter() - start
    new = texts[:, inputs.input_ids.shape[1]:]
    count = int(((new == end).cumsum(1) - (new == end).int() == 0).sum())
    return count / seconds, seconds


def llama_rate(arguments, gguf, prompts):
    """Tokens a second while as many sequences are decoded after prompts of ten tokens."""
    count = arguments.n * len(prompts)
    output = subprocess.run(
        [arguments.llama[0], "-m", gguf, "-c", str(count * (arguments.max_new + 16)), "-npp", "10",
         "-ntg", str(arguments.max_new), "-npl", str(count), "-t", "2", "-tb", "2"],
        check=True, capture_output=True, text=True).stdout
    row = [line for line in output.splitlines() if line.startswith("|")][-1].split("|")
    return float(row[8]), float(row[7])


def agreement(arguments, model, tokenizer, prompts):
    """How many greedy texts are the same."""
    _, rows = ours(arguments, "f32", "-n", "1", "--greedy", "--max-new", str(arguments.max_new))
    same = 0
    for prompt, row in zip(prompts, rows):
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        with torch.inference_mode():
            text = model.generate(
                ids, do_sample=False, max_new_tokens=arguments.max_new,
                pad_token_id=tokenizer.eos_token_id)
        same += text[0, ids.shape[1]:].tolist() == row["tokens"]
    return same


def main():
    """Runs everything in turns and prints a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("transect", "model", "prompts"):
        parser.add_argument(name)
    parser.add_argument("--field", default="prompt.text")
    parser.add_argument("-n", type=int, default=25)
    for name, value in (("max-new", 30), ("batch-size", 64), ("rounds", 2)):
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--llama", nargs=3, metavar=("BATCHED_BENCH", "F32", "BF16"))
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    tokenizer = GPT2TokenizerFast.from_pretrained(arguments.model, padding_side="left")
    tokenizer.pad_token = tokenizer.eos_token
    prompts = []
    for line in open(arguments.prompts, encoding="utf-8"):
        value = json.loads(line)
        for member in arguments.field.split("."):
            value = value[member]
        prompts.append(value)
    for precision, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        model = GPT2LMHeadModel.from_pretrained(arguments.model, dtype=dtype).eval()
        if precision == "f32":
            print(f"greedy texts the same: {agreement(arguments, model, tokenizer, prompts)} "
                  f"of {len(prompts)}", flush=True)
        programs = {
            "transect": lambda: our_rate(arguments, precision),
            "transformers": lambda: their_rate(arguments, model, tokenizer, prompts)}
        if arguments.llama:
            gguf = arguments.llama[1 if precision == "f32" else 2]
            programs["llama.cpp"] = lambda: llama_rate(arguments, gguf, prompts)
        for name, rate in programs.items():
            rates = [rate() for _ in range(arguments.rounds)]
            print(f"{precision} {name}: {statistics.median(r for r, _ in rates):.0f} tokens/s, "
                  f"{statistics.median(s for _, s in rates):.2f} s", flush=True)


if __name__ == "__main__":
    main()
