#!/usr/bin/env python3
"""Draws what a result file of `transect spectrum` holds.

Above, the singular values of every matrix by their number, one picture for each kind of parameter
and one colour for each layer, with the largest value that rounding explains as a dashed line. Below,
the stable and the effective rank by layer.

    pip install -r requirements.txt
    python spectrum.py RESULT.h5 --out spectrum
"""
import argparse
import pathlib

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

OUTSIDE = -1
PANEL = {"width": 2.6, "height": 2.3}  # inches
ACROSS = 4  # pictures in a row
STYLE = {"font.size": 9, "svg.hashsalt": "transect"}  # the salt makes equal input equal bytes
RANKS = {"stable_rank": "stable rank", "effective_rank": "effective rank"}


def read(path):
    """The variables that are drawn, and what was decomposed."""
    with h5py.File(path) as file:
        table = file["spectrum"]
        data = {name: table[name].asstr()[:] for name in ("tensor", "module")}
        data |= {name: table[name][:] for name in ("layer", "rounding_floor", *RANKS)}
        data["k"], data["sigma"] = (file[f"spectrum_sigma/{name}"][:] for name in ("k", "sigma"))
        return data, str(table.attrs["matrices"])


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


def draw(data, label):
    """The figure: pictures of values in rows of four, and one of each rank below."""
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


def main():
    """Reads the result file and writes both images."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=pathlib.Path, help="HDF5 file of transect spectrum -o")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("spectrum"),
                        help="where to write, without .png and .svg")
    arguments = parser.parse_args()
    data, label = read(arguments.result)
    if not np.isfinite(data["sigma"]).any():
        parser.exit(1, f"{arguments.result}: no singular values\n")
    with plt.rc_context(STYLE):
        figure = draw(data, label)
        for suffix, metadata in ((".png", {}), (".svg", {"Date": None})):
            path = arguments.out.with_name(arguments.out.name + suffix)
            figure.savefig(path, dpi=200, metadata=metadata)
            print(f"Written: {path}")


if __name__ == "__main__":
    main()
