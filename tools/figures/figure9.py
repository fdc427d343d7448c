#!/usr/bin/env python3
"""Draws the counterpart of Figure 9 of arXiv 2211.12092 from a result file of `transect norms`.

One heat map for each pair of checkpoints, kinds of parameters down and layers across, all on one
logarithmic colour scale. Tensors outside the layers stand in a column of their own.
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


def read(path):
    """Pairs, layers, kinds, scaled norms [pair, tensor] and their meaning."""
    with h5py.File(path) as file:
        norms = file["norms"]
        return (
            norms["pair"].asstr()[:],
            norms["layer"][:],
            norms["module"].asstr()[:],
            norms["diff_l2"][:] ** 2,
            norms["numel"][:],
            norms["diff_scaled"].attrs["long_name"],
        )


def grid(layers, kinds, squares, counts):
    """Root mean squares [pair, kind, layer], and the labels of the last two axes.

    Tensors of one kind and layer are pooled, as their elements would be.
    """
    rows = list(dict.fromkeys(kinds[layers != OUTSIDE])) + list(
        dict.fromkeys(k for k in kinds[layers == OUTSIDE] if k not in set(kinds[layers != OUTSIDE]))
    )
    columns = sorted(set(layers[layers != OUTSIDE])) + [OUTSIDE]
    total = np.zeros((len(squares), len(rows), len(columns)))
    elements = np.zeros_like(total)
    for tensor, (layer, kind) in enumerate(zip(layers, kinds)):
        place = (slice(None), rows.index(kind), columns.index(layer))
        total[place] += np.nan_to_num(squares[:, tensor])
        elements[place] += counts[:, tensor]
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.sqrt(total / elements)
    return np.where(values > 0, values, np.nan), rows, columns


def draw(pairs, values, rows, columns, meaning):
    """The figure."""
    width = 1.6 + len(pairs) * (0.7 + 0.34 * len(columns))
    figure, axes = plt.subplots(
        1, len(pairs), figsize=(width + 1.2, 0.9 + 0.3 * len(rows)), sharey=True, squeeze=False,
        layout="constrained",
    )
    scale = LogNorm(np.nanmin(values), np.nanmax(values))
    for axis, pair, picture in zip(axes[0], pairs, values):
        image = axis.imshow(picture, norm=scale, cmap="viridis", aspect="auto")
        axis.set_title(pair, fontsize=10)
        axis.set_xticks(range(len(columns)), [*map(str, columns[:-1]), "other"], fontsize=8)
        axis.axvline(len(columns) - 1.5, color="white", linewidth=2)
        axis.set_xlabel("layer", fontsize=9)
        axis.tick_params(length=0)
        for side in axis.spines.values():
            side.set_visible(False)
    axes[0, 0].set_yticks(range(len(rows)), rows, fontsize=8)
    figure.colorbar(image, ax=axes[0].tolist(), label=meaning, shrink=0.9)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result", type=pathlib.Path, help="HDF5 file of transect norms -o")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("figure9"), help="stem")
    arguments = parser.parse_args()
    pairs, layers, kinds, squares, counts, meaning = read(arguments.result)
    figure = draw(pairs, *grid(layers, kinds, squares, counts), meaning)
    for suffix in (".png", ".svg"):
        path = arguments.out.with_suffix(suffix)
        figure.savefig(path, dpi=160)
        print(f"Written: {path}")


if __name__ == "__main__":
    main()
