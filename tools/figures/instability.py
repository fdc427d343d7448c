#!/usr/bin/env python3
"""Draws when the barrier disappears, and whether a shared initialization is still seen, from the
table that tools/reproduce makes of its study of instability (Frankle et al. 2020, arXiv 1912.05671).

On the left the loss barrier between two models that were trained alike up to a step and apart from
there, with its interval, over that step; on the right log10 of the certified p-value of `origin`.

    pip install -r requirements.txt
    python instability.py TABLE.csv [-o NAME]
"""
import argparse
import csv
import pathlib

import matplotlib.pyplot as plt
import numpy as np

import figure_files
from alpha_lines import look

SIZE = (9, 3.8)  # inches
LEVEL = -6  # log10 of the level of `origin`
LINES = (("continued", "general", "continued apart, general text"),
         ("tuned", "positive", "fine-tuned apart, positive sentences"),
         ("tuned", "negative", "fine-tuned apart, negative sentences"))
ORIGINS = (("continued", "continued apart"), ("tuned", "fine-tuned apart"),
           ("trunk", "the step and the initialization"))
PAIRS = "abc"


def rows(path):
    """The rows of the table, numbers as such."""
    with open(path, newline="") as file:
        return [{key: number(value) for key, value in row.items()} for row in csv.DictReader(file)]


def number(text):
    """A number if it is one, nothing if it is empty."""
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def draw(table):
    """The figure."""
    figure, (left, right) = plt.subplots(1, 2, figsize=SIZE, layout="constrained")
    steps = sorted({row["step"] for row in table if row["step"] is not None})
    places = {step: index for index, step in enumerate(steps)}
    draw_barriers(left, table, places)
    draw_origins(right, table, places)
    last = next(row["steps"] for row in table)
    for axis in (left, right):
        axis.set_xticks(range(len(steps)), [f"{step:g}" for step in steps])
        axis.set_xlim(-0.5, len(steps) - 0.5)
        axis.set_xlabel(f"step at which training parts, of {last:g}")
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def draw_barriers(axis, table, places):
    """Barriers over the step, and that between two initializations as a grey band."""
    for row in table:
        if row["study"] == "other":
            axis.axhspan(row["lower"], row["upper"], color="0.85", linewidth=0, zorder=0,
                         label="two initializations, general text")
    for index, (study, text, label) in enumerate(LINES):
        for pair in PAIRS:
            chosen = [row for row in table
                      if (row["study"], row["text"], row["pair"]) == (study, text, pair)]
            if chosen:
                draw_line(axis, index, chosen, places, label if pair == PAIRS[0] else None, pair)
    axis.set_ylim(bottom=-0.02 * axis.get_ylim()[1])  # points at 0 are seen whole
    axis.set_ylabel("barrier, nats per token")
    axis.legend(frameon=False, fontsize=8)


def draw_line(axis, index, chosen, places, label, pair):
    """The barriers of one pair at each step; of those after the first only the points."""
    offset = 0.12 * (index - 1) + 0.04 * PAIRS.index(pair)
    x = np.array([places[row["step"]] for row in chosen]) + offset
    heights, lower, upper = (np.array([row[name] for row in chosen])
                             for name in ("barrier", "lower", "upper"))
    axis.errorbar(x, heights, (heights - lower, upper - heights), color=look(index)["color"],
                  linestyle="-" if label else "", marker="o", markersize=3.5, linewidth=1.4,
                  elinewidth=0.8, label=label)


def draw_origins(axis, table, places):
    """log10 p over the step."""
    for index, (study, label) in enumerate(ORIGINS):
        found = {row["step"]: row["log10_p"] for row in table
                 if row["study"] == study and row["pair"] in (PAIRS[0], None)}
        steps = sorted(found)
        axis.plot([places[step] for step in steps], [found[step] for step in steps],
                  **look(index), marker="o", markersize=3.5, linewidth=1.4, label=label)
    for row in table:
        if row["study"] == "other":
            axis.axhline(row["log10_p"], color="0.7", linewidth=4, label="two initializations")
    axis.axhline(LEVEL, color="0.4", linestyle=":", linewidth=1, label=f"level $10^{{{LEVEL}}}$")
    axis.set_yscale("symlog", linthresh=10)
    axis.set_ylim(top=3)
    axis.set_ylabel("certified log$_{10}$ p of independence")
    axis.legend(frameon=False, fontsize=8)


def main():
    """Reads the arguments and writes the figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("-o", "--out", type=pathlib.Path, default=pathlib.Path("instability"))
    arguments = parser.parse_args()
    with plt.rc_context(figure_files.STYLE):
        figure_files.write(draw(rows(arguments.table)), arguments.out)


if __name__ == "__main__":
    main()
