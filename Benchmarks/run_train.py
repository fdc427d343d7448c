#!/usr/bin/env python3
"""Times steps of training against torch with fused AdamW, in binary32 and with bfloat16 products.

    pip install -r requirements.txt transformers
    python run_train.py MODELS_PROBE [--threads 2] [--steps 5] [--rounds 2] [--shapes "distil;small"]
        [--precisions f32,bf16]

A step is the gradient of the mean loss over 4 windows of 256 tokens, or 8 sequences of 128 that one of
three classes is told of, its clipping and a step of AdamW; random tokens, random weights, no dropout.
All take the same batches in turns; the first step of each round is left out. The peers are
GPT2LMHeadModel and BertForSequenceClassification of transformers with sdpa attention, for bf16 with model
and loss under autocast. Peak memory is that of the whole process, for the peer one started anew.
"""
import argparse
import contextlib
import itertools
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from transformers import (
    BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel)

SHAPES = {
    "distil": dict(n_layer=6, n_head=12, n_embd=768, n_positions=1024),
    "small": dict(n_layer=4, n_head=4, n_embd=256, n_positions=256),
    "small, 1024 words": dict(n_layer=4, n_head=4, n_embd=256, n_positions=256, vocab_size=1024),
    "MiniLM, classes": dict(
        num_hidden_layers=6, num_attention_heads=12, hidden_size=384, intermediate_size=1536,
        num_labels=3),
    "DistilBERT, classes": dict(num_hidden_layers=6, num_labels=3),
}
TOKENS = 1024


def classifies(shape):
    return "num_labels" in SHAPES[shape]


def batch_of(shape):
    """Windows of a batch, and the tokens that each of them has read."""
    return (8, 128) if classifies(shape) else (4, 256)


def new_model(shape):
    """A model without dropout."""
    torch.manual_seed(1)
    if classifies(shape):
        rates = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        return BertForSequenceClassification(BertConfig(**SHAPES[shape], **rates))
    rates = dict(resid_pdrop=0.0, attn_pdrop=0.0, embd_pdrop=0.0)
    return GPT2LMHeadModel(GPT2Config(**SHAPES[shape], **rates))


def ours(arguments, shape, precision, folder, windows):
    """Seconds of each step, the losses, and the peak memory in MB."""
    text = "\n".join(" ".join(map(str, window)) for window in windows) + "\n"
    output = subprocess.run(
        ["/usr/bin/env", "python3", "-c", PEAK, arguments.probe, folder, "--training-batch",
         str(batch_of(shape)[0]), "--rate", "1e-4", "--threads", str(arguments.threads),
         "--precision", precision],
        input=text, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    return json.loads(output[1]), json.loads(output[0]), float(output[2])


# Runs a command, and prints the peak of its resident memory.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)
"""


def theirs(shape, precision, windows, threads):
    """The same of torch."""
    torch.set_num_threads(threads)
    context = (contextlib.nullcontext() if precision == "f32"
               else torch.autocast("cpu", dtype=torch.bfloat16))
    model = new_model(shape).train()
    decaying = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [dict(params=decaying, weight_decay=0.01), dict(params=others, weight_decay=0.0)], lr=1e-4,
        fused=True)
    ids = torch.tensor(windows).split(batch_of(shape)[0])
    seconds, losses = [], []
    for batch in ids:
        start = time.perf_counter()
        optimizer.zero_grad()
        with context:
            logits = model(batch[:, :-1]).logits
            targets = batch[:, -1] if classifies(shape) else batch[:, 1:].reshape(-1)
            loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        losses.append(loss.item())
    return seconds, losses, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def peer(arguments, shape, precision, path):
    """Runs the peer in a process of its own."""
    output = subprocess.run(
        [sys.executable, __file__, arguments.probe, "--threads", str(arguments.threads), "--peer", shape,
         "--precisions", precision, "--windows", path], stdout=subprocess.PIPE, check=True,
        text=True).stdout
    return json.loads(output.splitlines()[-1])


def compare(arguments, shape):
    """Prints a line for each program and precision."""
    model = new_model(shape)
    words = model.config.vocab_size
    batch, length = batch_of(shape)
    # No padding token, 0, whose embedding torch does not train.
    windows = torch.randint(1, words, (arguments.steps * batch, length + 1))
    if classifies(shape):
        windows[:, -1] %= 3
    windows = windows.tolist()
    count = sum(p.numel() for p in model.parameters())
    precisions = arguments.precisions.split(",")
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        path = folder + "/windows.json"
        json.dump(windows, open(path, "w"))
        runs = {name: [] for name in itertools.product(precisions, ("transect", "torch"))}
        for _ in range(arguments.rounds):
            for precision in precisions:
                runs[precision, "transect"].append(
                    ours(arguments, shape, precision, folder, windows))
                runs[precision, "torch"].append(peer(arguments, shape, precision, path))
    rates = {}
    for name, found in runs.items():
        times = [second for seconds, _, _ in found for second in seconds[1:]]
        rates[name] = TOKENS / statistics.median(times)
        print(f"{shape} ({count} parameters) {' '.join(name)}: {rates[name]:.0f} tokens/s, fastest "
              f"step {min(times):.3f} s, median {statistics.median(times):.3f} s, peak "
              f"{max(memory for _, _, memory in found):.0f} MB", flush=True)
    for precision in precisions:
        pairs = zip(runs[precision, "transect"][0][1], runs[precision, "torch"][0][1])
        print(f"{shape} {precision}: ratio "
              f"{rates[precision, 'transect'] / rates[precision, 'torch']:.2f}, losses differ by at "
              f"most {max(abs(a - b) for a, b in pairs):.1e}", flush=True)
    if len(precisions) == 2:
        ratio = rates[precisions[1], "transect"] / rates[precisions[0], "transect"]
        print(f"{shape} transect: {' over '.join(reversed(precisions))} {ratio:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("probe")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--shapes", default=";".join(SHAPES))
    parser.add_argument("--precisions", default="f32,bf16")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--windows", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        windows = json.load(open(arguments.windows))
        return print(json.dumps(theirs(
            arguments.peer, arguments.precisions, windows, arguments.threads)))
    for shape in arguments.shapes.split(";"):
        compare(arguments, shape)


if __name__ == "__main__":
    main()
