"""How far scores of texts by summed weights are from those by summed logits, point by point.

    python agreement.py WEIGHTS.h5 LOGITS.h5

Prints for each score the largest and the mean difference inside and outside the segment between the
ends, in units of the score and of its standard error (of the difference, as if texts were independent), and the
correlation over all points.
"""
import sys

import numpy as np
import xarray as xr

SCORES = ("text_perplexity", "positive_score", "grammar", "distinct_1", "distinct_2", "distinct_3")


def row(name, places, weights, logits, inside):
    """A line of the table."""
    gap = (logits[name] - weights[name]).values
    error = np.hypot(weights[f"{name}_errors"], logits[f"{name}_errors"]).values
    cells = []
    for chosen in (inside, ~inside):
        part = np.abs(gap[chosen])
        cells += [f"{part.max():.3f}", f"{part.mean():.3f}", f"{np.abs(gap / error)[chosen].max():.1f}"]
    correlation = np.corrcoef(weights[name], logits[name])[0, 1]
    return f"| {name} | " + " | ".join(cells) + f" | {correlation:.3f} |"


def main():
    """Prints the table."""
    weights, logits = (xr.open_dataset(path, group="path") for path in sys.argv[1:3])
    axis = "alpha" if "alpha" in weights.dims else "beta"
    places = weights[axis].values
    inside = (places >= 0) & (places <= 1) if axis == "alpha" else np.abs(places) <= 1
    print("| score | inside: largest | mean | in errors | outside: largest | mean | in errors | correlation |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name in SCORES:
        print(row(name, places, weights, logits, inside))
    gap = np.abs(logits.nll - weights.nll).values
    print(f"\nnll: largest difference {gap[:, inside].max():.4f} inside, {gap[:, ~inside].max():.3f} outside")


if __name__ == "__main__":
    main()
