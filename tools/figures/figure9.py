#!/usr/bin/env python3
"""Draws the counterpart of Figure 9 of arXiv 2211.12092 from a result file of `transect norms`.

One heat map for each pair of checkpoints, kinds of parameters down and layers across; beneath it,
what belongs to no layer. All of them share one logarithmic colour scale. Empty grey cells were not
compared; "0" marks equal values, "×" a distance that is not finite.

    pip install -r requirements.txt
    python figure9.py RESULT.h5 -o figure9
"""
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

import figure_files
import heat_maps
from result_files import OUTSIDE, strings

CELL = {"width": 0.42, "height": 0.28}  # inches
WIDEST = 6  # inches, of one heat map


def read(norms):
    """The variables of /norms that are drawn."""
    data = {name: strings(norms[name]) for name in ("pair", "tensor", "module")}
    return data | {name: norms[name][:] for name in ("layer", "diff_l2", "numel")}


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


def draw(file):
    """The figure: a column of blocks for each pair, and the colour bar."""
    data = read(file["norms"])
    pairs, found = data["pair"], blocks(data)
    if not found:
        raise figure_files.NothingToDraw("no tensors were compared")
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
    meaning = file["norms/diff_scaled"].attrs["long_name"]
    figure.colorbar(image, ax=axes, label=meaning, pad=0.02, aspect=25)
    return figure


def draw_block(axis, picture, norm):
    """One heat map with white lines between its cells."""
    image = axis.imshow(picture, norm=norm, cmap="viridis", aspect="auto", interpolation="none")
    heat_maps.finish(axis, picture.shape)
    for (row, column), value in np.ma.ndenumerate(picture):
        if value == 0 or not np.isfinite(value):
            axis.text(column, row, "0" if value == 0 else "×", ha="center", va="center")
    return image


def label_layers(axis, columns):
    """Layers below a block; a block of no layers has none."""
    if columns == [""]:
        axis.set_xticks([])
        axis.set_xlabel("outside the layers")
        return
    heat_maps.label(axis.set_xticks, columns)
    axis.set_xlabel("layer")


if __name__ == "__main__":
    figure_files.main(draw, __doc__, "norms", "norms")
