#!/usr/bin/env python3
"""Draws the counterpart of Figures 7 and 8 of arXiv 2211.12092 from a result file of
`transect plane`.

The perplexity over the weights of the two models, a panel for each text, all on one logarithmic
colour scale, with contours. Dots are the three checkpoints; the dashed line is equation 1, from the
minus to the plus model, the dotted one equation 3, its parallel through the base. Grey cells were
not evaluated or are not finite. With --euclidean lengths and angles are those between the weights.
If texts were generated, each of their scores has a panel and a scale of its own.

    pip install -r requirements.txt
    python plane.py RESULT.h5 [--euclidean] [-o NAME]
"""
import matplotlib.patheffects as effects
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

import figure_files
from heat_maps import NO_DATA
from result_files import checkpoints, formula, strings

SIDE = 3.8  # inches, of a square as large as a panel
WIDEST = 12  # inches, of panels beside each other
WIDE = 5  # times the least perplexity; over more, levels are 1, 2, 5, 10 and so on
FAR = 500  # times; over more, they are 1, 10, 100
HALO = [effects.withStroke(linewidth=2.5, foreground="white", alpha=0.85)]
LOST = 1e3  # times the least perplexity; what is above has one colour
OPTIONS = {"--euclidean": {"action": "store_true",
                           "help": "draw lengths and angles as they are between weights"}}


SCORES = {"corpus_perplexity": "perplexity of texts", "positive_score": "positive score",
          "grammar": "grammar score", "distinct_1": "distinct-1", "distinct_2": "distinct-2",
          "distinct_3": "distinct-3"}


def read(file):
    """Names, the grid, and perplexities [text, w_minus, w_plus] and scores [w_minus, w_plus], masked
    where there are none."""
    grid, names = file["grid"], checkpoints(file)
    data = {
        "texts": [], "meaning": "", "minus": grid["w_minus"][:], "plus": grid["w_plus"][:],
        "corners": {(0, 0): names["base"], (1, 0): names["b"], (0, 1): names["a"]},
    }
    if "perplexity" in grid:
        data |= {"texts": strings(grid["subset"]), "meaning": grid["perplexity"].attrs["long_name"]}
        data["values"] = np.ma.masked_invalid(grid["perplexity"][:])
        if not data["values"].count():
            raise figure_files.NothingToDraw("no perplexity is finite")
    scores = {title: np.ma.masked_invalid(grid[name][:]) for name, title in SCORES.items()
              if name in grid}
    data["scores"] = {title: values for title, values in scores.items() if values.count()}
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
    titles = [*data["texts"], *data["scores"]]
    figure, axes = panels(len(titles), np.ptp(mesh[0]) / np.ptp(mesh[1]))
    shown = axes.flat[:len(titles)]
    draw_maps(figure, shown, axes, mesh, data)
    for axis, title in zip(shown, titles):
        draw_lines(axis, place, data)
        draw_corners(axis, place, data["corners"])
        axis.set_title(title, fontsize=10)
    name_axes(figure, attributes, euclidean)
    return figure


def draw_maps(figure, shown, axes, mesh, data):
    """The maps: perplexities on one scale, scores each on one of its own."""
    count = len(data["texts"])
    if count:
        norm, levels = colour_scale(data["values"])
        for axis, values in zip(shown, data["values"]):
            image = draw_map(axis, mesh, values, norm, levels)
        beside = list(shown[:count]) if data["scores"] else axes
        add_bar(figure, image, beside, levels, data["meaning"])
    for axis, (title, values) in zip(shown[count:], data["scores"].items()):
        norm, levels = colour_scale(values) if "perplexity" in title else plain_scale(values)
        add_bar(figure, draw_map(axis, mesh, values, norm, levels), axis, levels)


def add_bar(figure, image, beside, levels, label=""):
    """The scale of one map, or of several."""
    bar = figure.colorbar(image, ax=beside, label=label, pad=0.02, aspect=30, ticks=levels,
                          extend=getattr(image.norm, "extend", "neither"))
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def plain_scale(values):
    """A linear scale, and round levels on it."""
    low, high = values.min(), values.max()
    levels = [level for level in MaxNLocator(6).tick_values(low, high) if low < level < high]
    return Normalize(low, max(high, low + 1e-9)), levels


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
    """One logarithmic scale for all panels, and round levels on it; it ends where all is lost."""
    low, high = values.min(), min(values.max(), LOST * values.min())
    locator = LogLocator(subs=(1, 2, 5)) if high > WIDE * low else MaxNLocator(8)
    if high > FAR * low:
        locator = LogLocator()
    levels = [level for level in locator.tick_values(low, high) if low < level < high]
    norm = LogNorm(low, max(high, 1.01 * low))
    norm.extend = "max" if values.max() > norm.vmax else "neither"
    return norm, levels


def draw_map(axis, mesh, values, norm, levels):
    """One heat map, and its contours with their numbers."""
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
