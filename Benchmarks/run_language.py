#!/usr/bin/env python3
"""Times `transect path` against transformers, and against llama.cpp's perplexity if it is given.

    pip install -r requirements.txt transformers
    python run_language.py TRANSECT A B TEXT.jsonl [--points 11] [--rounds 3]
        [--llama PERPLEXITY F32.gguf BF16.gguf]

A and B are folders of GPT-2 checkpoints of one shape, TEXT.jsonl has documents of one length. Programs
run in turns, two threads each. `transect` is timed as a whole process; a point of it is what one point more
takes. The peer's imports, reading and start are left out. llama.cpp scores the second half of each window
only, as its tool does, so it computes half as many logits; its
rate is that of tokens read, reading the model
included.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
PRECISIONS = ("f32", "bf16")


def environment():
    """This process's, without what pins kernels of OpenBLAS."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS")}


def peak(command):
    """Seconds and peak resident bytes of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment())
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def ours(arguments, points, precision):
    """Seconds and peak memory of a path."""
    return peak([
        arguments.transect, "path", arguments.a, arguments.b, "--text", arguments.text, "--alpha",
        f"0:1:{points}", "--precision", precision, "--threads", "2", "--quiet"])


def theirs(arguments, points, precision):
    """Seconds of the script with transformers, and the tokens of the text."""
    output = subprocess.run(
        [sys.executable, HERE / "peer_language.py", arguments.a, arguments.b, arguments.text,
         str(points), precision], check=True, capture_output=True, text=True, env=environment())
    seconds, _, tokens = output.stdout.split()
    return float(seconds), int(tokens)


def llama(arguments, precision):
    """Tokens a second that llama.cpp's perplexity reads."""
    program, *models = arguments.llama
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as text:
        for line in open(arguments.text, encoding="utf-8"):
            text.write(json.loads(line)["text"] + "\n")
        text.flush()
        start = time.perf_counter()
        output = subprocess.run(
            [program, "-m", models[PRECISIONS.index(precision)], "-f", text.name, "-c", "256",
             "-b", "2048", "-ub", "2048", "-t", "2", "-tb", "2", "--no-warmup"], check=True,
            capture_output=True, text=True, env=environment())
        seconds = time.perf_counter() - start
    chunks = re.search(r"over (\d+) chunks, n_ctx=(\d+)", output.stdout + output.stderr)
    return int(chunks[1]) * int(chunks[2]) / seconds


def main():
    """Runs everything in turns and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("transect", "a", "b", "text"):
        parser.add_argument(name)
    parser.add_argument("--points", type=int, default=11)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--llama", nargs=3, metavar=("PERPLEXITY", "F32", "BF16"))
    arguments = parser.parse_args()
    print("| precision | program | a point | tokens/s | its time / transect's | "
          f"{arguments.points} points | its time / transect's | peak RSS |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for precision in PRECISIONS:
        rounds = []
        for _ in range(arguments.rounds):
            few, _ = ours(arguments, 2, precision)
            many, memory = ours(arguments, arguments.points, precision)
            peer, tokens = theirs(arguments, arguments.points, precision)
            rate = llama(arguments, precision) if arguments.llama else None
            rounds.append(((many - few) / (arguments.points - 2), many, memory, peer, tokens, rate))
        point, many, memory, peer, tokens, rate = (
            statistics.median(column) if column[0] is not None else None for column in zip(*rounds))
        share = statistics.median(r[3] / arguments.points / r[0] for r in rounds)
        whole = statistics.median(r[3] / r[1] for r in rounds)
        print(f"| {precision} | transect | {point:.2f} s | {tokens / point:.0f} | 1.00 | {many:.1f} s "
              f"| 1.00 | {memory / 1e6:.0f} MB |")
        print(f"| {precision} | transformers | {peer / arguments.points:.2f} s "
              f"| {tokens / peer * arguments.points:.0f} | {share:.2f} | {peer:.1f} s | {whole:.2f} | |")
        if rate:
            ratio = statistics.median(r[4] / r[0] / r[5] for r in rounds)
            print(f"| {precision} | llama.cpp perplexity | | {rate:.0f} | {ratio:.2f} | | | |")


if __name__ == "__main__":
    main()
