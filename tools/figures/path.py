#!/usr/bin/env python3
"""Draws the counterpart of Figures 3, 5, 6 and 10 of arXiv 2211.12092 from result files of
`transect path`.

The loss along the path, a line for each text, with standard errors; on the right its perplexity.
Beyond the checkpoints the ground is grey. A dotted chord joins the losses of the two; where a line
rises above its chord, a bracket beside the highest point gives the barrier, with its interval as a
bar; both are written at the line's end, in nats.

If texts were generated, small panels below have their scores with bands of one standard error. With
--beside another result, such as one of an ensemble, is drawn on the same axes: its losses dashed,
its scores in a colour of its own.

    pip install -r requirements.txt
    python path.py RESULT.h5 [--beside OTHER.h5] [-o NAME]
"""
import pathlib

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter
from matplotlib.transforms import offset_copy

import figure_files
import score_panels
from alpha_lines import LABEL, label_ends, look, mark_checkpoints, shade_beyond
from result_files import dimension, formula, strings

SIZE = (7, 4.2)  # inches, if there are few texts
BESIDE = 6  # points, from a line to its bracket and between brackets
WIDE = 1.5  # nats; over more, round perplexities are too dense at one end
OPTIONS = {"--beside": {"type": pathlib.Path, "metavar": "OTHER.h5",
                        "help": "another result of transect path, drawn on the same axes"}}


def read(file):
    """The variables that are drawn; corners are the points that are one of the checkpoints."""
    path = file["path"]
    data = {name: path[name][:] for name in ("nll", "nll_errors")}
    data["parameter"], data["places"] = dimension(path["nll"], 1)
    data["texts"] = strings(path["subset"])
    names = strings(file["path_coefficients/checkpoint"])
    rows = file["path_coefficients/coefficient"][:]
    data["corners"] = [(place, names[np.argmax(row)]) for place, row in zip(data["places"], rows)
                       if np.count_nonzero(row) == 1 and row.sum() == 1]
    return data


def barriers(file):
    """Height above the chord, its interval and its place, for each text; none of a line that does
    not join two checkpoints."""
    table = file["path_barriers"]
    chosen = np.flatnonzero(strings(table["definition"]) == "barrier")
    columns = [table[name][:, chosen] for name in ("height", "lower", "upper", "height_at")]
    return np.concatenate(columns, axis=1) if len(chosen) else []


def draw(file, beside=None):
    """The figure: losses above, scores of texts below, each if there are any."""
    if beside is None:
        return draw_all([file])
    with figure_files.opened(beside) as other:
        if "path" not in other:
            raise figure_files.NothingToDraw(f"no group /path in {beside}")
        places = [one["path"].attrs["parametrization"] for one in (file, other)]
        if places[0] != places[1]:
            raise figure_files.NothingToDraw(
                f"it is of {formula(places[0])}, and {beside} of {formula(places[1])}")
        return draw_all([file, other])


def draw_all(files):
    """The figure of one result, or of two."""
    runs = [score_panels.read(file) for file in files]
    titles = score_panels.titles(runs)
    losses = [read(file) for file in files if has_losses(file)]
    if not losses and not titles:
        raise figure_files.NothingToDraw("no point has a finite loss, or texts")
    tall = max(SIZE[1], 1.2 + 3 * len(losses[0]["texts"]) * LABEL["line"] / 72) if losses else 0
    low = score_panels.SIZE[1] if titles else 0
    width = max(SIZE[0] if losses else 0, score_panels.SIZE[0] * len(titles))
    figure = plt.figure(figsize=(width, tall + low), layout="constrained")
    heights = [height for height in (tall, low) if height]
    grid = figure.add_gridspec(len(heights), max(len(titles), 1), height_ratios=heights)
    score_panels.draw([figure.add_subplot(grid[-1, column]) for column in range(len(titles))], runs)
    if len(files) > 1:
        name_runs(figure, runs)
    if losses:
        draw_curves(figure.add_subplot(grid[0, :]), next(filter(has_losses, files)), losses)
    return figure


def has_losses(file):
    """Whether texts were scored, with a finite loss."""
    return "nll" in file["path"] and np.isfinite(file["path/nll"][:]).any()


def name_runs(figure, runs):
    """What the two results are of: their colours in the panels, their dashes above."""
    names = [run["combination"] for run in runs]
    if names[0] == names[1]:
        names = [run["file"] for run in runs]
    lines = [Line2D([], [], color=look(index)["color"], linestyle=("-", "--")[index])
             for index in range(len(runs))]
    figure.legend(lines, names, loc="outside lower center", ncols=2, fontsize=8, frameon=False)


def draw_curves(axis, file, losses):
    """The losses of a result with its barriers, and those of another."""
    (data, *others), found = losses, barriers(file)
    draw_losses(axis, data)
    for other in others:
        for index, values in enumerate(other["nll"]):
            axis.plot(other["places"], values, color=look(index)["color"], linestyle="--",
                      linewidth=1)
    if len(found):
        shade_beyond(axis, data["places"])
        for index, barrier in enumerate(found):
            draw_barrier(axis, data, index, *barrier)
    mark_checkpoints(axis, data["corners"])
    add_perplexity(axis)
    parametrization = formula(file["path"].attrs["parametrization"])
    axis.set_xlabel(f"{formula(data['parameter'])} in {parametrization}")
    axis.set_ylabel("negative log-likelihood, nats per token")
    labels = end_labels(data["texts"], found, file["path_barriers"].attrs["level"])
    label_ends(axis, data["places"], data["nll"], labels)


def draw_losses(axis, data):
    """The lines, with standard errors."""
    for index, (losses, errors) in enumerate(zip(data["nll"], data["nll_errors"])):
        axis.errorbar(data["places"], losses, errors, **look(index), marker="o", markersize=3,
                      linewidth=1.4, elinewidth=0.8)
    axis.spines[["top", "right"]].set_visible(False)


def draw_barrier(axis, data, index, height, lower, upper, place):
    """The chord, and if there is a barrier, its bracket and interval a little to the right, so that
    they cover neither the standard error nor those of other texts."""
    start, stop = (data["nll"][index][data["places"] == end].item() for end in (0, 1))
    colour = {"color": look(index)["color"]}
    axis.plot((0, 1), (start, stop), **colour, linestyle=":", linewidth=1.2)
    if height > 0:
        foot = start + place * (stop - start)
        beside = offset_copy(axis.transData, axis.figure, x=BESIDE * (index + 1), units="points")
        axis.plot((place, place), (foot, foot + height), **colour, linewidth=0.8, transform=beside)
        axis.plot((place, place), (foot + lower, foot + upper), **colour, marker="_", markersize=6,
                  linewidth=2.2, transform=beside)
        if np.isfinite(upper):  # what is moved aside does not widen the limits by itself
            axis.update_datalim([(place, foot + lower), (place, foot + upper)])
            axis.autoscale_view()


def add_perplexity(axis):
    """The same scale in perplexities, on the right."""
    right = axis.secondary_yaxis("right", functions=(np.exp, np.log))
    right.set_yscale("log")
    low, high = axis.get_ylim()
    is_wide = high - low > WIDE
    right.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if is_wide else MaxNLocator(6))
    right.yaxis.set_minor_locator(NullLocator())
    right.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    right.set_ylabel("perplexity")


def end_labels(texts, found, level):
    """Names of the texts, and what their barriers are."""
    if not len(found):
        return list(texts)
    return [f"{text}\n{name_barrier(*barrier, level)}" for text, barrier in zip(texts, found)]


def name_barrier(height, lower, upper, _, level):
    """A barrier in words, with its interval, which too few documents do not give."""
    if not height > 0:
        return "no barrier"
    if not np.isfinite([lower, upper]).all():
        return f"barrier {height:.3g}"
    return f"barrier {height:.3g}\n{level:.0%}: {lower:.3g} to {upper:.3g}"


if __name__ == "__main__":
    figure_files.main(draw, __doc__, "path", "path", OPTIONS)
