"""Scores of generated texts along a path, a small panel for each."""
import pathlib

import numpy as np
from matplotlib.ticker import StrMethodFormatter

from alpha_lines import look
from result_files import dimension, formula

PANELS = {
    "perplexity of texts": ("corpus_perplexity",), "positive score": ("positive_score",),
    "grammar score": ("grammar",), "distinct-n": ("distinct_1", "distinct_2", "distinct_3"),
}
WIDE = 10
SIZE = (2.6, 2.3)  # inches of a panel


def read(file):
    """What was combined, the places, and value and standard error of each score there is."""
    path = file["path"]
    names = [name for names in PANELS.values() for name in names if name in path]
    data = {"scores": {name: (path[name][:], path[f"{name}_errors"][:]) for name in names}}
    data["file"] = pathlib.Path(file.filename).name
    data["combination"] = path.attrs.get("combination", "weights")
    if path.attrs.get("filter", "ensemble") != "ensemble":
        data["combination"] += f", filter {path.attrs['filter']}"
    data["parameter"], data["places"] = dimension(path["norm"], 0)
    data["parametrization"] = formula(path.attrs["parametrization"])
    return data


def titles(runs):
    """The panels that at least one of the runs has something for."""
    return [title for title, names in PANELS.items()
            if any(name in run["scores"] for run in runs for name in names)]


def draw(axes, runs):
    """The panels, with a colour for each run, and bands of one standard error."""
    for axis, title in zip(axes, titles(runs)):
        for index, run in enumerate(runs):
            for name in PANELS[title]:
                if name in run["scores"]:
                    draw_line(axis, run, name, look(index)["color"])
        scale(axis, title, runs)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel(formula(runs[0]["parameter"]))
        axis.spines[["top", "right"]].set_visible(False)


def scale(axis, title, runs):
    """Logarithmic where the largest of some perplexities is far above the least."""
    values = np.concatenate([run["scores"][name][0] for run in runs for name in PANELS[title]
                             if name in run["scores"]])
    if "perplexity" in title and np.nanmax(values) > WIDE * np.nanmin(values):
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def draw_line(axis, run, name, colour):
    """One score; n of distinct-n is written behind its end."""
    values, errors = run["scores"][name]
    axis.plot(run["places"], values, color=colour, marker="o", markersize=2.5, linewidth=1.2)
    axis.fill_between(run["places"], values - errors, values + errors, color=colour, alpha=0.2,
                      linewidth=0)
    finite = np.flatnonzero(np.isfinite(values))
    if name.startswith("distinct") and len(finite):
        last = finite[-1]
        axis.annotate(name[-1], (run["places"][last], values[last]), (4, 0),
                      textcoords="offset points", va="center", fontsize=8, color=colour)
