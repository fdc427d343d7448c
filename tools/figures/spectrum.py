#!/usr/bin/env python3
"""Draws what a result file of `transect spectrum` holds.

Above, the singular values of every matrix by their number, one picture for each kind of parameter
and one colour for each layer, with the largest value that rounding explains as a dashed line. Below,
the stable and the effective rank by layer.

    pip install -r requirements.txt
    python spectrum.py RESULT.h5 -o spectrum
"""
import matplotlib.pyplot as plt
import numpy as np

import figure_files
from result_files import OUTSIDE, strings

PANEL = {"width": 2.6, "height": 2.3}  # inches
ACROSS = 4  # pictures in a row
RANKS = {"stable_rank": "stable rank", "effective_rank": "effective rank"}


def read(file):
    """The variables that are drawn."""
    table = file["spectrum"]
    data = {name: strings(table[name]) for name in ("tensor", "module")}
    data |= {name: table[name][:] for name in ("layer", "rounding_floor", *RANKS)}
    return data | {name: file[f"spectrum_sigma/{name}"][:] for name in ("k", "sigma")}


def kinds(data):
    """Titles, and which matrices belong to each: kinds of layers, then each tensor of none."""
    inside = data["layer"] != OUTSIDE
    found = [(kind, np.flatnonzero(inside & (data["module"] == kind)))
             for kind in dict.fromkeys(data["module"][inside])]
    return found + [(data["tensor"][row], np.array([row])) for row in np.flatnonzero(~inside)]


def draw_values(axis, title, rows, data, colours):
    """Singular values of the matrices of one kind; zeros have no place on the scale."""
    for row in rows:
        values = np.where(data["sigma"][row] > 0, data["sigma"][row], np.nan)
        axis.loglog(data["k"], values, color=colours(row), linewidth=1)
    floor = np.max(data["rounding_floor"][rows])
    if floor > 0:
        axis.axhline(floor, color="0.4", linestyle="--", linewidth=0.8)
    axis.set_title(title, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)


def draw_ranks(axis, name, found, data):
    """One rank by layer, a line for each kind."""
    for title, rows in found:
        if data["layer"][rows[0]] != OUTSIDE:
            axis.plot(data["layer"][rows], data[name][rows], marker="o", markersize=3, label=title)
    axis.set_xlabel("layer")
    axis.set_ylabel(RANKS[name])
    axis.spines[["top", "right"]].set_visible(False)


def draw(file):
    """The figure: pictures of values in rows of four, and one of each rank below."""
    data, label = read(file), file["spectrum"].attrs["matrices"]
    if not np.isfinite(data["sigma"]).any():
        raise figure_files.NothingToDraw("no singular values")
    found = kinds(data)
    rows = -(-len(found) // ACROSS)
    most = max(data["layer"].max(), 1)
    figure = plt.figure(
        figsize=(ACROSS * PANEL["width"], (rows + 1.2) * PANEL["height"]), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(rows, 1.2))
    axes = above.subplots(rows, ACROSS, sharex=True, squeeze=False).ravel()

    def colours(row):
        layer = data["layer"][row]
        return "0.2" if layer == OUTSIDE else plt.cm.viridis(0.9 * layer / most)

    for axis, (title, matrices) in zip(axes, found):
        draw_values(axis, title, matrices, data, colours)
    for axis in axes[len(found):]:
        axis.set_visible(False)
    above.supxlabel("number of the singular value", fontsize=9)
    above.supylabel("singular value", fontsize=9)
    above.suptitle(f"{label}: dark layers are the first, dashed is the rounding floor", fontsize=10)
    for axis, name in zip(below.subplots(1, len(RANKS)), RANKS):
        draw_ranks(axis, name, found, data)
    if axis.lines:
        axis.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


if __name__ == "__main__":
    figure_files.main(draw, __doc__, "spectrum", "spectrum")
