#!/usr/bin/env python3
"""Draws the counterpart of Figure 4 of arXiv 2211.12092 from a result file of `transect next`.

The probability of each word and token that was looked at along the path, with its name at the
line's end; ␣ is a blank. Beyond the checkpoints, where there are two, the ground is grey.

    pip install -r requirements.txt
    python next.py RESULT.h5 [--log] [-o NAME]
"""
import matplotlib.pyplot as plt
import numpy as np

import figure_files
from alpha_lines import LABEL, label_ends, look, mark_checkpoints, shade_beyond
from result_files import checkpoints, dimension, formula, plain, strings

SIZE = (7, 3.6)  # inches, if there are few lines
LEAST = 1e-12  # the least probability that a logarithmic scale shows
OPTIONS = {"--log": {"action": "store_true", "help": "draw probabilities on a logarithmic scale"}}


def draw(file, log=False):
    """The figure."""
    table = file["next"]
    parameter, places = dimension(table["next_token_logprob"], 0)
    probabilities = np.exp(table["next_token_logprob"][:].T)
    if not np.isfinite(probabilities).any():
        raise figure_files.NothingToDraw("no word has a probability")
    height = max(SIZE[1], 1.2 + len(probabilities) * LABEL["line"] / 72)
    figure, axis = plt.subplots(figsize=(SIZE[0], height), layout="constrained")
    for index, line in enumerate(probabilities):
        axis.plot(places, line, **look(index), linewidth=1.4)
    set_scale(axis, probabilities, log)
    corners = corners_of(file, parameter)
    if len(corners) == 2:
        shade_beyond(axis, places)
    mark_checkpoints(axis, [corner for corner in corners if places[0] <= corner[0] <= places[-1]])
    axis.set_title(f"after “{plain(table.attrs['prompt'])}”", fontsize=10)
    axis.set_xlabel(f"{formula(parameter)} in {formula(table.attrs['parametrization'])}")
    axis.set_ylabel("probability of being next")
    label_ends(axis, places, probabilities, [name(token) for token in strings(table["token"])])
    return figure


def name(token):
    """A token as it is drawn, with its blanks."""
    return plain(token).replace(" ", "␣")


def set_scale(axis, probabilities, log):
    """Linear from 0, or logarithmic over what is above LEAST."""
    if log:
        axis.set_yscale("log")
        axis.set_ylim(bottom=max(np.nanmin(probabilities) / 1.5, LEAST))
    else:
        axis.set_ylim(bottom=0)
    axis.spines[["top", "right"]].set_visible(False)


def corners_of(file, parameter):
    """Where the path meets a checkpoint: A and B, or the base that it starts from."""
    names = checkpoints(file)
    return [(0, names["base"])] if parameter == "beta" else [(0, names["a"]), (1, names["b"])]


if __name__ == "__main__":
    figure_files.main(draw, __doc__, "next", "next", OPTIONS)
