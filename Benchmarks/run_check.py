"""Times `transect check` and `transect digest` and prints Markdown.

    python run_check.py FOLDER

FOLDER holds the pairs and the read loop of run.py, which makes them. Whole processes on a warm page
cache, as there; each program runs once in every round; medians, and medians of the ratios within a round.
"""
import argparse
import datetime
import os
import pathlib
import sys

from run import load, processor, run
from run_mix import HEADER, rows

HERE = pathlib.Path(__file__).parent
PAIRS = ("distil-f32", "large-bf16")


def tables(folder, tool, pair):
    """What is run on a pair, by name, the program that others are compared with first."""
    files = [str(folder / f"{pair}-{side}.safetensors") for side in "ab"]
    read_loop = [str(folder / "read_loop"), *files]
    yield {
        "transect check": [tool, "check", *files, "--quiet"],
        "transect origin, which it contains": [tool, "origin", *files, "--quiet"],
        "read loop": read_loop,
        "torch, without origin": [sys.executable, str(HERE / "peer_check.py"), *files],
    }
    yield {
        "transect digest": [tool, "digest", *files],
        "transect digest, one thread": [tool, "digest", *files, "--threads", "1"],
        "read loop": read_loop,
        "sha256sum": ["sha256sum", *files],
    }


def timed(command):
    """A run whose verdict may be a no."""
    return run(["sh", "-c", '"$@"; test $? -lt 2 -o $? -eq 3', "sh", *command])


def main():
    """Runs everything and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tool", default=".build/release/transect")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {processor()}, {os.cpu_count()} CPUs, {arguments.rounds} rounds, "
          f"load {load()} at start\n\n{HEADER}")
    for pair in PAIRS:
        for programs in tables(arguments.folder, arguments.tool, pair):
            results = {name: [] for name in programs}
            for _ in range(arguments.rounds):
                for name, command in programs.items():
                    run(programs["read loop"])
                    results[name].append(timed(command))
            print(*rows(pair, results), sep="\n")


if __name__ == "__main__":
    main()
