#!/usr/bin/env python3
"""How far scores of texts by summed weights are from those by summed logits, point by point.

    python agreement.py WEIGHTS.h5 LOGITS.h5 [WEIGHTS.h5 LOGITS.h5...]

Prints for each pair of results of `transect path` and each score the largest and the mean
difference inside and outside the segment between the ends (along beta from -1 to 1), in units of the
score and of its standard error (of the difference, as if texts were independent), and the
correlation over all points.
"""
import sys

import h5py
import numpy as np

from result_files import dimension

SCORES = ("corpus_perplexity", "positive_score", "grammar", "distinct_1", "distinct_2", "distinct_3")
HEAD = """| score | inside: largest | mean | in errors | outside: largest | mean | in errors | correlation |
|---|--:|--:|--:|--:|--:|--:|--:|"""


def row(name, weights, logits, inside):
    """A line of the table."""
    gap = logits[name][:] - weights[name][:]
    error = np.hypot(weights[f"{name}_errors"][:], logits[f"{name}_errors"][:])
    cells = []
    for chosen in (inside, ~inside):
        part = np.abs(gap[chosen])
        cells += [f"{part.max():.3f}", f"{part.mean():.3f}", f"{np.abs(gap / error)[chosen].max():.1f}"]
    correlation = np.corrcoef(weights[name][:], logits[name][:])[0, 1]
    return f"| {name} | " + " | ".join(cells) + f" | {correlation:.3f} |"


def compare(weights, logits):
    """Prints the table of a pair."""
    parameter, places = dimension(weights["norm"], 0)
    inside = (places >= 0) & (places <= 1) if parameter == "alpha" else np.abs(places) <= 1
    print(f"Along {parameter}; inside is from {places[inside][0]:g} to {places[inside][-1]:g}.\n")
    print(HEAD)
    for name in SCORES:
        print(row(name, weights, logits, inside))
    gap = np.abs(logits["nll"][:] - weights["nll"][:])
    print(f"\nLosses: largest difference {gap[:, inside].max():.4f} inside, "
          f"{gap[:, ~inside].max():.3f} outside, nats per token.\n")


def main():
    """Prints the tables."""
    paths = sys.argv[1:]
    for pair in zip(paths[::2], paths[1::2]):
        weights, logits = (h5py.File(path)["path"] for path in pair)
        compare(weights, logits)


if __name__ == "__main__":
    main()
