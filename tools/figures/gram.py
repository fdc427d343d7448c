#!/usr/bin/env python3
"""Draws a result of `transect gram -o`: distances, angles, and the checkpoints in a plane.

    pip install -r requirements.txt
    python gram.py RESULT.h5 [-o NAME]

The plane keeps as much of the squared distances as two axes can (classical scaling); the axes say
how much. Writes NAME.png and NAME.svg; equal input gives equal bytes.
"""
import matplotlib.pyplot as plt
import numpy as np

import figure_files
import heat_maps
from result_files import strings

MOST_NUMBERS = 12


def read(file):
    """Labels, matrices, and coordinates; of a file without axes only the matrices."""
    data = {name: file["gram"][name][:] for name in ("rms", "angle")}
    data["labels"] = list(strings(file["gram/checkpoint"]))
    if "gram_axes" in file:
        data["coordinates"] = file["gram_axes/coordinate"][:]
        data["shares"] = file["gram_axes/axis_share"][:]
    return data


def draw_matrix(figure, axis, values, labels, title, colours):
    """A heat map, with numbers if there are few checkpoints; the diagonal is left out."""
    picture = np.ma.masked_invalid(np.where(np.eye(len(labels), dtype=bool), np.nan, values))
    image = axis.imshow(picture, cmap=colours, vmin=0, interpolation="none")
    heat_maps.bare(axis)
    axis.set_title(title, fontsize=10)
    axis.set_xticks(range(len(labels)), labels, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(labels)), labels)
    if len(labels) <= MOST_NUMBERS:
        for (row, column), value in np.ndenumerate(values):
            if row != column and np.isfinite(value):
                dark = image.norm(value) < 0.6
                axis.text(column, row, f"{value:.3g}", ha="center", va="center",
                          color="white" if dark else "black", fontsize=8)
    figure.colorbar(image, ax=axis, shrink=0.7)


def together(labels, x, y):
    """Labels of points that would overlap, with the middle of their points."""
    near, groups = max(np.ptp(x), np.ptp(y)) / 12, []
    for index, label in enumerate(labels):
        for group in groups:
            if np.hypot(x[group[0]] - x[index], y[group[0]] - y[index]) < near:
                group.append(index)
                break
        else:
            groups.append([index])
    return [([labels[i] for i in group], x[group].mean(), y[group].mean()) for group in groups]


def draw_plane(axis, data):
    """The checkpoints on the first two axes, to one scale."""
    x, y = (data["coordinates"][i] if i < len(data["coordinates"]) else np.zeros(len(data["labels"]))
            for i in range(2))
    shares = [*data["shares"], 0, 0]
    axis.scatter(x, y, color="#1f5a8a", zorder=3)
    for labels, a, b in together(data["labels"], x, y):
        side = "right" if a > (x.min() + x.max()) / 2 else "left"
        axis.annotate("\n".join(labels), (a, b), xytext=(-6 if side == "right" else 6, 0),
                      textcoords="offset points", va="center", ha=side)
    axis.set_aspect("equal", adjustable="datalim")
    axis.margins(0.2)
    axis.grid(color="0.9")
    axis.set_title("in a plane, ‖A − B‖₂ to scale", fontsize=10)
    axis.set_xlabel(f"axis 1 ({100 * shares[0]:.1f} % of the squared distances)")
    axis.set_ylabel(f"axis 2 ({100 * shares[1]:.1f} %)")


def draw(file):
    """The figure."""
    data = read(file)
    size = max(3.6, 0.3 * len(data["labels"]) + 1.6)
    count = 3 if "coordinates" in data else 2
    figure, axes = plt.subplots(1, count, figsize=(count * (size + 0.8), size + 0.6),
                                layout="constrained")
    draw_matrix(figure, axes[0], data["rms"], data["labels"], "distance, rms", "viridis")
    draw_matrix(figure, axes[1], data["angle"], data["labels"], "angle in degrees", "magma")
    if count == 3:
        draw_plane(axes[2], data)
    return figure


if __name__ == "__main__":
    figure_files.main(draw, __doc__, "gram", "gram")
