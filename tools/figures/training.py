#!/usr/bin/env python3
"""Draws the losses of trainings from the files that `transect train --log` writes.

A panel for models from scratch, one for fine-tunes, one for classifiers. Lines are means of the
training loss over a fortieth of the steps each, dots the loss of the validation data.

    pip install -r requirements.txt
    python training.py LOG.h5 [LOG.h5...] [-o NAME]
"""
import contextlib
import pathlib

import h5py
import matplotlib.pyplot as plt
import numpy as np

import figure_files
from alpha_lines import look
from result_files import checkpoints

PANELS = ("from scratch", "fine-tuned", "classifiers")
SIZE = (3.4, 3)  # inches of a panel
MEANS = 40
OPTIONS = {"others": {"nargs": "*", "type": pathlib.Path, "metavar": "LOG.h5",
                      "help": "logs of other trainings"}}


def panel(file):
    """Which panel a training belongs to."""
    if "accuracy" in file["train"]:
        return PANELS[2]
    return PANELS[1 if "base" in checkpoints(file) else 0]


def draw(file, others=()):
    """The figure."""
    with contextlib.ExitStack() as stack:
        files = [file] + [stack.enter_context(h5py.File(other)) for other in others]
        runs = {title: [run for run in files if panel(run) == title] for title in PANELS}
        shown = [title for title in PANELS if runs[title]]
        figure, axes = plt.subplots(
            1, len(shown), figsize=(SIZE[0] * len(shown), SIZE[1]), layout="constrained",
            squeeze=False)
        for axis, title in zip(axes[0], shown):
            draw_panel(axis, title, runs[title])
        return figure


def draw_panel(axis, title, runs):
    """The trainings of one kind."""
    for index, run in enumerate(runs):
        table, name = run["train"], pathlib.Path(run.filename).stem
        steps, losses = means(table["step"][:], table["loss"][:])
        axis.plot(steps, losses, **look(index), linewidth=1.4, label=name)
        validated = np.isfinite(table["val_loss"][:])
        axis.plot(table["step"][:][validated], table["val_loss"][:][validated], marker="o",
                  markersize=3.5, linestyle="", color=look(index)["color"])
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("step")
    axis.set_ylabel(f"loss, nats per {'text' if title == PANELS[2] else 'token'}")
    axis.set_xlim(left=0)
    axis.legend(frameon=False, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)


def means(steps, losses):
    """Means over parts of the run, and where their middles are."""
    parts = [part for part in np.array_split(np.arange(len(steps)), MEANS) if len(part)]
    return (np.array([steps[part].mean() for part in parts]),
            np.array([losses[part].mean() for part in parts]))


if __name__ == "__main__":
    figure_files.main(draw, __doc__, "train --log", "train", OPTIONS)
