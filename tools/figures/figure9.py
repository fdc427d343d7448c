#!/usr/bin/env python3
"""Draws the counterpart of Figure 9 of arXiv 2211.12092 from a result file of `transect norms`.

One heat map for each pair of checkpoints, kinds of parameters down and layers across; beneath it,
what belongs to no layer. All of them share one logarithmic colour scale. Empty grey cells were not
compared; "0" marks equal values, "×" a distance that is not finite.

    pip install -r requirements.txt
    python figure9.py RESULT.h5 --out figure9
"""
import argparse
import pathlib

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

OUTSIDE = -1
CELL = {"width": 0.42, "height": 0.28}  # inches
WIDEST = 6  # inches, of one heat map
NO_DATA = "0.88"
STYLE = {"font.size": 9, "svg.hashsalt": "transect"}  # the salt makes equal input equal bytes


def read(path):
    """The variables of /norms that are drawn, and the meaning of the distance."""
    with h5py.File(path) as file:
        norms = file["norms"]
        data = {name: norms[name].asstr()[:] for name in ("pair", "tensor", "module")}
        data |= {name: norms[name][:] for name in ("layer", "diff_l2", "numel")}
        return data, norms["diff_scaled"].attrs["long_name"]


def blocks(data):
    """The two blocks of the figure, of layers and of the rest, those without tensors left out.

    Each is (labels down, labels across, root mean squares [pair, down, across]).
    """
    inside = data["layer"] != OUTSIDE
    owners = np.array([name.rpartition(".")[0] or name for name in data["tensor"]])
    found = [
        pool(data, inside, data["module"], data["layer"]),
        pool(data, ~inside, owners, np.full(len(owners), "")),
    ]
    return [block for block in found if len(block[0])]


def pool(data, chosen, rows, columns):
    """Labels in order of appearance, sorted layers, and the scaled norm of each cell's tensors
    taken together: from sums of squares over all their elements, not from means of norms."""
    down = list(dict.fromkeys(rows[chosen]))
    across = sorted(set(columns[chosen]))
    squares = np.zeros((len(data["pair"]), len(down), len(across)))
    counts = np.zeros_like(squares)
    for tensor in np.flatnonzero(chosen):
        cell = (slice(None), down.index(rows[tensor]), across.index(columns[tensor]))
        n = data["numel"][:, tensor]
        squares[cell] += np.where(n > 0, data["diff_l2"][:, tensor] ** 2, 0)
        counts[cell] += n
    with np.errstate(invalid="ignore"):
        values = np.sqrt(squares / counts)
    return down, across, np.ma.masked_where(counts == 0, values)


def colour_scale(found):
    """One logarithmic scale over all that is positive and finite."""
    values = np.concatenate([block[2].compressed() for block in found])
    shown = values[(values > 0) & np.isfinite(values)]
    low, high = (shown.min(), shown.max()) if len(shown) else (0.1, 1)
    return LogNorm(low, max(high, 1.1 * low))


def draw(pairs, found, meaning):
    """The figure: a column of blocks for each pair, and the colour bar."""
    across = max(len(block[1]) for block in found)
    heights = [len(block[0]) for block in found]
    width = min(CELL["width"] * max(across, 4), WIDEST)
    size = (2.8 + len(pairs) * (0.2 + width),
            1.0 + CELL["height"] * (sum(heights) + 0.6))
    figure, axes = plt.subplots(
        len(found), len(pairs), figsize=size, squeeze=False, sharey="row", layout="constrained",
        gridspec_kw={"height_ratios": heights})
    norm = colour_scale(found)
    for axes_of_block, (down, columns, values) in zip(axes, found):
        for axis, picture in zip(axes_of_block, values):
            image = draw_block(axis, picture, norm)
            label_layers(axis, columns)
        axes_of_block[0].set_yticks(range(len(down)), down)
    for axis, pair in zip(axes[0], pairs):
        axis.set_title(pair, fontsize=10)
    figure.colorbar(image, ax=axes, label=meaning, pad=0.02, aspect=25)
    return figure


def draw_block(axis, picture, norm):
    """One heat map with white lines between its cells."""
    image = axis.imshow(picture, norm=norm, cmap="viridis", aspect="auto", interpolation="none")
    axis.set_facecolor(NO_DATA)
    for edges, line in zip(picture.shape, (axis.axhline, axis.axvline)):
        for edge in range(1, edges):
            line(edge - 0.5, color="white", linewidth=0.8)
    for (row, column), value in np.ma.ndenumerate(picture):
        if value == 0 or not np.isfinite(value):
            axis.text(column, row, "0" if value == 0 else "×", ha="center", va="center")
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    return image


def label_layers(axis, columns):
    """Layers below a block, at most a dozen of them; a block of no layers has none."""
    if columns == [""]:
        axis.set_xticks([])
        axis.set_xlabel("outside the layers")
        return
    step = -(-len(columns) // 12)
    axis.set_xticks(range(0, len(columns), step), columns[::step])
    axis.set_xlabel("layer")


def main():
    """Reads the result file and writes both images."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=pathlib.Path, help="HDF5 file of transect norms -o")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("figure9"),
                        help="where to write, without .png and .svg")
    arguments = parser.parse_args()
    data, meaning = read(arguments.result)
    if not len(data["tensor"]):
        parser.exit(1, f"{arguments.result}: no tensors were compared\n")
    with plt.rc_context(STYLE):
        figure = draw(data["pair"], blocks(data), meaning)
        for suffix, metadata in ((".png", {}), (".svg", {"Date": None})):
            path = arguments.out.with_name(arguments.out.name + suffix)
            figure.savefig(path, dpi=200, metadata=metadata)
            print(f"Written: {path}")


if __name__ == "__main__":
    main()
