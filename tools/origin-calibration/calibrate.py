#!/usr/bin/env python3
"""Checks on pairs of independently initialized networks that `transect origin` errs as seldom as
it says: p_z of each kind of group must be uniform, and the certified p not below .05 too often.

    pip install -r requirements.txt
    python calibrate.py /tmp/nets --tool ../../.build/release/transect
    python calibrate.py /tmp/nets --reference

The folder holds networks made by train_nets.py. Neighbours in the order of their names make
disjoint pairs, so that all pairs are independent; --all-pairs takes every pair, for closer rates
of which neither KS nor the exit code may be believed. Prints, per group of each layer and per kind
of group, mean and deviation of z, the p-value of Kolmogorov and Smirnov's test, and shares of p_z
at or below .05 and .01; then the same of all groups combined, and the certified p.

Exits with 1 if a KS p-value is below .001 or the certified p errs more often than it may.
"""
import argparse
import collections
import concurrent.futures
import itertools
import json
import math
import pathlib
import subprocess
import sys
import time

import numpy as np

REFERENCE = pathlib.Path(__file__).resolve().parent.parent / "origin-reference"
sys.path.insert(0, str(REFERENCE))
import origin_reference

LEVELS = (0.05, 0.01)
LEAST_KS = 1e-3
STRAY = 3  # standard deviations by which a rate may exceed its level


# Comparisons


def is_direct(line):
    """Whether a line is of a group in the first stage; the reference has no other."""
    return line["kind"] == "group" and line.get("stage", "direct") in ("direct", 1)


def ask_reference(pair, arguments):
    """Lines of the reference for a pair of folders."""
    options = origin_reference.parser().parse_args([*map(str, pair)])
    checkpoints = [origin_reference.Checkpoint(path) for path in pair]
    return list(origin_reference.run(*checkpoints, options))


def ask_tool(pair, arguments):
    """Lines of the tool for a pair of folders; its exit code says what it found, so only output
    that is no verdict is an error."""
    command = [arguments.tool, "origin", *pair, "--json", *arguments.option]
    finished = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    if not any(line["kind"] == "verdict" for line in lines):
        raise RuntimeError(f"no verdict from {' '.join(map(str, command))}")
    return lines


def compare(pairs, arguments):
    """Lines of all pairs, each pair's up to its first verdict, in the order of the pairs."""
    ask = ask_reference if arguments.reference else ask_tool
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for lines in pool.map(lambda pair: ask(pair, arguments), pairs):
            end = next(i for i, line in enumerate(lines) if line["kind"] == "verdict")
            yield [line for line in lines[:end] if is_direct(line)], lines[end]


def choose_pairs(arguments):
    """Neighbouring networks of a folder, each in one pair, or all pairs of them."""
    found = sorted(path.parent for path in arguments.folder.glob("*/model.safetensors"))
    found = found[: arguments.limit]
    return list(itertools.combinations(found, 2) if arguments.all_pairs
                else zip(found[::2], found[1::2]))


# Figures


def describe(name, logs, z=()):
    """One line of the table, and the KS p-value."""
    p = np.exp(logs)
    agreement = origin_reference.ks(p)[1]
    rates = " ".join(f"{np.mean(p <= level):6.3f}" for level in LEVELS)
    moments = f"{np.mean(z):7.3f} {np.std(z, ddof=1):6.3f}" if len(z) else " " * 14
    print(f"{name:10} {len(p):6} {moments} {agreement:8.3f} {rates}")
    return agreement


def describe_groups(columns, key):
    """A line for each value of a key of the groups; the KS p-values."""
    print(f"\n{key:10} {'values':>6} {'z mean':>7} {'z sd':>6} {'KS p':>8} "
          + " ".join(f"<={level:<4}" for level in LEVELS))
    gathered = collections.defaultdict(list)
    for column in columns:
        gathered[column[key]].append(column)
    return [describe(name, np.array([c["ln_p_z"] for c in found]), [c["z"] for c in found])
            for name, found in sorted(gathered.items())]


def describe_certified(name, logs, count):
    """How often a certified p is at or below each level, and whether that is too often."""
    p = np.exp(logs)
    rates = [np.mean(p <= level) for level in LEVELS]
    print(f"{name}: " + ", ".join(f"{rate:.4f} at {level}" for rate, level in zip(rates, LEVELS))
          + f", least {p.min():.3g} of {count}")
    return any(r > level + STRAY * math.sqrt(level / count) for r, level in zip(rates, LEVELS))


def report(results):
    """Prints all figures; whether any is out of bounds."""
    groups = [group | {"group of": f"{group['group']} {max(group['layer'] or 0, 0)}"}
              for found, _ in results for group in found]
    agreements = describe_groups(groups, "group of") + describe_groups(groups, "group")
    print()
    verdicts = [verdict for _, verdict in results]
    agreements.append(describe("Fisher p_z", np.array([v["ln_p_z"] for v in verdicts])))
    print()
    ranks = np.array([group["ln_p_rank"] for group in groups])
    certified = np.array([verdict["ln_p_cert"] for verdict in verdicts])
    errs = [describe_certified("p_rank of groups", ranks, len(ranks)),
            describe_certified("p_cert of pairs", certified, len(certified))]
    print("verdicts:", dict(collections.Counter(verdict["verdict"] for verdict in verdicts)))
    return min(agreements) < LEAST_KS or any(errs)


def main():
    """Compares all pairs and prints what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="networks of train_nets.py")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--tool", help="the built transect")
    which.add_argument("--reference", action="store_true", help="numpy instead of the tool")
    parser.add_argument("--option", action="append", default=[], help="another option of the tool")
    parser.add_argument("--jobs", type=int, default=1, help="comparisons at a time")
    parser.add_argument("--all-pairs", action="store_true", help="every pair of networks")
    parser.add_argument("--limit", type=int, help="use only so many networks")
    arguments = parser.parse_args()
    pairs = choose_pairs(arguments)
    if not pairs:
        parser.error(f"{arguments.folder}: no networks")
    began = time.monotonic()
    results = list(compare(pairs, arguments))
    print(f"{len(pairs)} pairs in {time.monotonic() - began:.1f} s")
    out_of_bounds = report(results)
    sys.exit(1 if out_of_bounds and not arguments.all_pairs else 0)


if __name__ == "__main__":
    main()
