#!/usr/bin/env python3
"""Draws the counterpart of Figure 3 of arXiv 2211.12092 from a result file of `transect path`.

The loss along the path, a line for each text, with standard errors; on the right its perplexity.
Beyond the checkpoints the ground is grey. A dotted chord joins the losses of the two; where a line
rises above its chord, a bracket gives the barrier, and its interval is written at the line's end.

    pip install -r requirements.txt
    python path.py RESULT.h5 [-o NAME]
"""
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

import figure_files
from alpha_lines import label_ends, look, mark_checkpoints, shade_beyond
from result_files import dimension, formula, strings

SIZE = (7, 4.2)  # inches
BRACKET = "0.25"
WIDE = 1.5  # nats; over more, round perplexities are too dense at one end


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


def draw(file):
    """The figure."""
    data, found = read(file), barriers(file)
    if not np.isfinite(data["nll"]).any():
        raise figure_files.NothingToDraw("no point has a finite loss")
    figure, axis = plt.subplots(figsize=SIZE, layout="constrained")
    draw_losses(axis, data)
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
    return figure


def draw_losses(axis, data):
    """The lines, with standard errors."""
    for index, (losses, errors) in enumerate(zip(data["nll"], data["nll_errors"])):
        axis.errorbar(data["places"], losses, errors, **look(index), marker="o", markersize=3,
                      linewidth=1.4, elinewidth=0.8)
    axis.spines[["top", "right"]].set_visible(False)


def draw_barrier(axis, data, index, height, lower, upper, place):
    """The chord, and if there is a barrier, the bracket between them with its interval."""
    start, stop = (data["nll"][index][data["places"] == end].item() for end in (0, 1))
    axis.plot((0, 1), (start, stop), color=look(index)["color"], linestyle=":", linewidth=1.2)
    if height > 0:
        chord = start + place * (stop - start)
        axis.plot((place, place), (chord, chord + height), color=BRACKET, linewidth=1)
        axis.errorbar(place, chord + height, [[height - lower], [upper - height]], color=BRACKET,
                      capsize=5, elinewidth=2, zorder=4)


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
    return [
        f"{text}\nbarrier {height:.3g}\n{level:.0%}: {lower:.3g} to {upper:.3g}"
        if height > 0 else f"{text}\nno barrier"
        for text, (height, lower, upper, _) in zip(texts, found)]


if __name__ == "__main__":
    figure_files.main(draw, __doc__, "path", "path")
