#!/usr/bin/env python3
"""Compares every figure of `transect origin --json` with the reference's in float64.

z must agree to 1e-4, or to 1e-5 of itself where that is more; counts of ranks may differ by what
near ties decide: no more units than the given share of a group. What the tool does not print is
not compared, but groups, z and ln_p_rank must be there.

    pip install -r requirements.txt
    python verify_origin.py TRANSECT A B [A B ...]

Prints the worst error for each pair, then what is wrong. Exits with 0 if nothing is, 1 if anything
is, 2 if there was nothing to compare.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import origin_reference

CLOSE, RELATIVE = 1e-4, 1e-5
NEAR_TIES = 1e-3
COUNTS = ("f", "rank_count")
EXACT = ("h", "blocks")
REQUIRED = {"z", "ln_p_rank"}


def from_reference(a, b):
    """Lines of the reference by group and layer, and its verdict."""
    options = origin_reference.parser().parse_args([a, b])
    checkpoints = [origin_reference.Checkpoint(path) for path in (a, b)]
    return by_place(origin_reference.run(*checkpoints, options))


def from_tool(tool, a, b):
    """Lines of the tool by group and layer; its exit code carries the verdict, no failure."""
    finished = subprocess.run([tool, "origin", a, b, "--json"], stdout=subprocess.PIPE, text=True)
    return by_place(json.loads(line) for line in finished.stdout.splitlines())


def by_place(lines):
    """Groups by kind and layer, up to the first verdict."""
    found = {}
    for line in lines:
        if line["kind"] == "verdict":
            break
        if line["kind"] == "group" and line.get("stage", "direct") in ("direct", 1):
            layer = -1 if line["layer"] is None else line["layer"]
            found[line["group"], layer] = line
    return found


def faults_of(ours, expected):
    """The error of z relative to what it may be, and what is wrong in one group."""
    allowed = max(CLOSE, RELATIVE * abs(expected["z"]))
    error = abs(ours.get("z", float("inf")) - expected["z"])
    wrong = sorted(REQUIRED - ours.keys())
    wrong += ["z"] if error > allowed else []
    wrong += [key for key in EXACT if ours.get(key, expected[key]) != expected[key]]
    few = max(1, NEAR_TIES * expected["h"] * expected["blocks"])
    wrong += [key for key in COUNTS if apart(ours.get(key, expected[key]), expected[key]) > few]
    return error / allowed, wrong


def apart(ours, expected):
    """By how many units two counts, or two histograms, differ."""
    if isinstance(expected, list):
        padded = [*expected, *[0] * (len(ours) - len(expected))]
        return sum(abs(x - y) for x, y in zip([*ours, *[0] * len(padded)], padded)) / 2
    return abs(ours - expected)


def check(tool, a, b):
    """Compares the two on a pair of checkpoints; the exit status."""
    ours, expected = from_tool(tool, a, b), from_reference(a, b)
    faults = [f"{place}: only in one" for place in sorted(ours.keys() ^ expected.keys())]
    worst = 0.0
    for place in sorted(ours.keys() & expected.keys()):
        error, wrong = faults_of(ours[place], expected[place])
        worst = max(worst, error)
        faults += [f"{place}, {key}: {ours[place].get(key)}, reference {expected[place][key]}"
                   for key in wrong]
    print(f"{pathlib.Path(a).name} {pathlib.Path(b).name}: {len(expected)} groups, "
          f"worst error of z {worst:.2g} of what is allowed")
    print("".join(f"  {fault}\n" for fault in faults), end="")
    return 1 if faults else 0 if ours else 2


def main():
    """Checks all pairs; exits with the worst status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", help="the built transect")
    parser.add_argument("checkpoints", nargs="+", help="pairs: A B [A B ...]")
    arguments = parser.parse_args()
    if len(arguments.checkpoints) % 2:
        parser.error("checkpoints come in pairs")
    pairs = zip(arguments.checkpoints[::2], arguments.checkpoints[1::2])
    sys.exit(max([check(arguments.tool, a, b) for a, b in pairs]))


if __name__ == "__main__":
    main()
