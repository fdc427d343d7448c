#!/usr/bin/env python3
"""Draws the counterpart of Figures 7 and 8 of arXiv 2211.12092 from a result file of
`transect plane`.

The perplexity over the weights of the two models, a panel for each text, all on one logarithmic
colour scale, with contours. Dots are the three checkpoints; the dashed line is equation 1, from the
minus to the plus model, the dotted one equation 3, its parallel through the base. Grey cells were
not evaluated or are not finite. With --euclidean lengths and angles are those between the weights.

    pip install -r requirements.txt
    python plane.py RESULT.h5 [--euclidean] [-o NAME]
"""
import matplotlib.patheffects as effects
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

import figure_files
from heat_maps import NO_DATA
from result_files import checkpoints, dimension, formula, strings

SIDE = 3.8  # inches, of a square as large as a panel
WIDEST = 12  # inches, of panels beside each other
WIDE = 5  # times the least perplexity; over more, levels are 1, 2, 5, 10 and so on
HALO = [effects.withStroke(linewidth=2.5, foreground="white", alpha=0.85)]
OPTIONS = {"--euclidean": {"action": "store_true",
                           "help": "draw lengths and angles as they are between weights"}}


def read(file):
    """Names, the grid, and perplexities [text, w_minus, w_plus], masked where there are none."""
    perplexity, names = file["grid/perplexity"], checkpoints(file)
    data = {
        "texts": strings(file["grid/subset"]), "values": np.ma.masked_invalid(perplexity[:]),
        "minus": dimension(perplexity, 1)[1], "plus": dimension(perplexity, 2)[1],
        "corners": {(0, 0): names["base"], (1, 0): names["b"], (0, 1): names["a"]},
        "meaning": perplexity.attrs["long_name"],
    }
    if not data["values"].count():
        raise figure_files.NothingToDraw("no perplexity is finite")
    if min(len(data["minus"]), len(data["plus"])) < 2:
        raise figure_files.NothingToDraw("a picture takes two weights of each model")
    return data


def weights(plus, minus):
    """Where weights of the two models are drawn if axes are the weights."""
    return np.asarray(plus, float), np.asarray(minus, float)


def true_places(attributes):
    """Where they are drawn if lengths are true: along the plus model's direction, and across."""
    lengths = attributes["norm_tau_plus"], attributes["norm_tau_minus"]
    cosine = attributes["cosine_of_axes"]
    sine = np.sqrt(1 - cosine**2)

    def place(plus, minus):
        x, y = (weight * length for weight, length in zip(weights(plus, minus), lengths))
        return x + y * cosine, y * sine

    return place


def draw(file, euclidean=False):
    """The figure."""
    data, attributes = read(file), file["grid"].attrs
    place = true_places(attributes) if euclidean else weights
    if euclidean:
        mesh = file["grid/u"][:], file["grid/v"][:]
    else:
        mesh = np.meshgrid(data["plus"], data["minus"])
    figure, axes = panels(len(data["texts"]), np.ptp(mesh[0]) / np.ptp(mesh[1]))
    norm, levels = colour_scale(data["values"])
    for axis, text, values in zip(axes.flat, data["texts"], data["values"]):
        image = draw_losses(axis, mesh, values, norm, levels)
        draw_lines(axis, place, data)
        draw_corners(axis, place, data["corners"])
        axis.set_title(text, fontsize=10)
    bar = figure.colorbar(image, ax=axes, label=data["meaning"], pad=0.02, aspect=30, ticks=levels)
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    name_axes(figure, attributes, euclidean)
    return figure


def panels(count, ratio):
    """A figure with panels of that ratio of width to height; what is left over is not seen."""
    width, height = SIDE * np.sqrt(ratio), SIDE / np.sqrt(ratio)
    rows = -(-count // max(1, int(WIDEST / width)))
    columns = -(-count // rows)
    size = (columns * width + 1.6, rows * (height + 0.3) + 0.6)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, sharex=True,
                                sharey=True, layout="constrained")
    for axis in axes.flat[count:]:
        axis.set_visible(False)
    for axis in axes.flat[count - columns:count]:
        axis.tick_params(labelbottom=True)
    return figure, axes


def colour_scale(values):
    """One logarithmic scale for all panels, and round levels on it."""
    low, high = values.min(), values.max()
    locator = LogLocator(subs=(1, 2, 5)) if high > WIDE * low else MaxNLocator(8)
    levels = [level for level in locator.tick_values(low, high) if low < level < high]
    return LogNorm(low, max(high, 1.01 * low)), levels


def draw_losses(axis, mesh, values, norm, levels):
    """The heat map of one text, and its contours with their numbers."""
    colours = plt.get_cmap("viridis").with_extremes(bad=NO_DATA)
    image = axis.pcolormesh(*mesh, values, norm=norm, cmap=colours, shading="nearest")
    if levels:
        shades = ["white" if norm(level) < 0.6 else "0.2" for level in levels]
        contours = axis.contour(*mesh, values, levels=levels, colors=shades, linewidths=0.7)
        axis.clabel(contours, fmt="%g", fontsize=7)
    axis.set_aspect("equal")
    axis.spines[:].set_visible(False)
    return image


def draw_lines(axis, place, data):
    """The lines of equations 1 and 3, as far as the grid goes, with their names on the outside."""
    (first, *_, last), (least, *_, most) = data["plus"], data["minus"]
    for total, name, dashes, side in ((1, "eq. 1", "--", 1), (0, "eq. 3", ":", -1)):
        plus = np.array([max(first, total - most), min(last, total - least)])
        if plus[0] < plus[1]:
            ends = np.array(place(plus, total - plus))
            axis.plot(*ends, color="black", linestyle=dashes, linewidth=1.2, path_effects=HALO)
            name_line(axis, ends, name, side)


def name_line(axis, ends, name, side):
    """The name of a line from left to right, near its start, above (1) or below it (-1)."""
    spot, (right, up) = ends @ (0.87, 0.13), np.diff(ends)[:, 0]
    offset = 9 * side * np.array((-up, right)) / np.hypot(right, up)
    axis.annotate(name, spot, offset, textcoords="offset points", ha="center", va="center",
                  rotation=np.degrees(np.arctan2(up, right)), rotation_mode="anchor", fontsize=8,
                  path_effects=HALO)


def draw_corners(axis, place, corners):
    """Dots at the checkpoints, with names where they do not cover each other."""
    for (plus, minus), name in corners.items():
        is_base = plus == minus
        x, y = place(plus, minus)
        axis.plot(x, y, "o", markersize=5, color="black", markeredgecolor="white")
        axis.annotate(name, (x, y), (-5 if is_base else 5, 4 if minus else -4),
                      textcoords="offset points", ha="right" if is_base else "left",
                      va="bottom" if minus else "top", fontsize=8, path_effects=HALO)


def name_axes(figure, attributes, euclidean):
    """What is right and what is up."""
    along, other = (formula(attributes[f"direction_{axis}"]) for axis in "xy")
    right, up = ((f"along {along}", "across it") if euclidean else
                 (f"weight of {along}", f"weight of {other}"))
    figure.supxlabel(right, fontsize=9)
    figure.supylabel(up, fontsize=9)


if __name__ == "__main__":
    figure_files.main(draw, __doc__, "plane", "grid", OPTIONS)
