#!/usr/bin/env python3
"""Draws what a result file of `transect origin` found: where units of one model lie among those of
the other, and, if it was computed, which layer of one descends from which of the other.

One heat map for each kind of group, layers down and bins of ranks across. The rank of a unit is how
many units of the other model are at least as similar to it as its namesake; colours say how many
times more units fall into a bin than of independent models. Models that share an initialization
fill the first column. The layer map shows the bound on p for every pair of layers.

    pip install -r requirements.txt
    python origin.py RESULT.h5 -o origin
"""
import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import TwoSlopeNorm

import figure_files
from heat_maps import finish, label
from result_files import strings

TITLES = {
    "mlp": "MLP hidden units", "vo": "value and output", "qk": "query and key",
    "res": "residual stream", "unused": "unseen tokens",
}
CELL = {"width": 0.36, "height": 0.28}  # inches
LEAST_TOP = 4


def read(file):
    """The variables of /origin that are drawn; the layer map is None if it is not there."""
    origin = file["origin"]
    data = {name: origin[name][:] for name in ("layer", "h", "rank_count", "rank_bin")}
    data["group"] = strings(origin["group"])
    data["map"] = file["origin_layers/map_ln_p"][:] if "origin_layers" in file else None
    return data


def bin_ends(data):
    """The first rank beyond each bin: the bounds themselves, or one more if they are the last ranks
    of their bins, which a first bound of 0 tells."""
    return data["rank_bin"] + (data["rank_bin"][0] == 0)


def excess(data, chosen):
    """log2 of how many times more units of the chosen groups are in each bin than ranks without
    preference would put there [group, bin]; masked where no rank can be.

    One unit is added to both counts, so that a bin that should hold one and holds none is no news.
    """
    size = data["h"][chosen][:, None].astype(float)
    shares = np.diff(np.minimum(bin_ends(data)[None], size), axis=1, prepend=0) / size
    counts = data["rank_count"][chosen]
    expected = shares * counts.sum(axis=1, keepdims=True)
    return np.ma.masked_where(shares == 0, np.log2((counts + 1) / (expected + 1)))


def panels(data):
    """(title, layers, picture, labels of bins) of every kind of group, without bins that are beyond
    its blocks; kinds that TITLES does not know come last."""
    found, kinds = [], dict.fromkeys(data["group"])
    for kind in [*filter(kinds.__contains__, TITLES), *(k for k in kinds if k not in TITLES)]:
        chosen = np.flatnonzero(data["group"] == kind)
        chosen = chosen[np.argsort(data["layer"][chosen], kind="stable")]
        picture = excess(data, chosen)
        used = ~np.ma.getmaskarray(picture).all(axis=0)
        names = name_bins(np.minimum(bin_ends(data), data["h"][chosen].max())[used])
        found.append((TITLES.get(kind, kind), data["layer"][chosen], picture[:, used], names))
    return found


def colour_scale(found):
    """One scale over all panels: white is what independence gives, the dark ends a quarter of it
    and the most that was found, or at least 2^LEAST_TOP times it, so that chance looks pale."""
    top = max(panel[2].max() for panel in found)
    return TwoSlopeNorm(0, -2, max(math.ceil(top), LEAST_TOP))


def name_bins(ends):
    """What each bin holds: one rank, or from one to another."""
    starts = [0, *ends[:-1]]
    return [f"{a}" if b - a == 1 else f"{a}–{b - 1}" for a, b in zip(starts, ends)]


def draw(file):
    """The figure: a panel for each kind, beside them the layer map."""
    data = read(file)
    if not len(data["group"]):
        raise figure_files.NothingToDraw("no groups were tested")
    found = panels(data)
    widths = [CELL["width"] * panel[2].shape[1] for panel in found]
    tallest = max(len(panel[1]) for panel in found)
    if data["map"] is not None:
        widths.append(CELL["height"] * data["map"].shape[1] + 0.9)
        tallest = max(tallest, len(data["map"]))
    size = (1.6 + sum(widths) + 0.5 * len(widths), 1.9 + CELL["height"] * tallest)
    figure, axes = plt.subplots(1, len(widths), figsize=size, squeeze=False, layout="constrained",
                                gridspec_kw={"width_ratios": widths})
    norm, drawn = colour_scale(found), axes[0][: len(found)]
    for axis, panel in zip(drawn, found):
        image = draw_ranks(axis, panel, norm)
    bar = figure.colorbar(image, ax=list(drawn), location="bottom", aspect=40, pad=0.03,
                          label="units in the bin, times what independence gives")
    exponents = range(-2, int(norm.vmax) + 1, 1 if norm.vmax < 6 else 2)
    bar.set_ticks(exponents, labels=[f"{2.0**exponent:g}" for exponent in exponents])
    if data["map"] is not None:
        draw_map(figure, axes[0][-1], data["map"])
    return figure


def draw_ranks(axis, panel, norm):
    """One heat map of ranks; what belongs to no layer is a single row."""
    title, layers, picture, names = panel
    image = axis.imshow(picture, norm=norm, cmap="PuOr_r", aspect="auto", interpolation="none")
    finish(axis, picture.shape)
    axis.set_box_aspect(CELL["height"] * picture.shape[0] / (CELL["width"] * picture.shape[1]))
    axis.set_anchor("N")
    axis.set_title(title, fontsize=10)
    axis.set_xticks(range(len(names)), names, rotation=90)
    axis.set_xlabel("rank of the namesake")
    if layers[0] < 0:
        axis.set_yticks([])
    else:
        label(axis.set_yticks, layers)
        axis.set_ylabel("layer")
    return image


def draw_map(figure, axis, logs):
    """The heat map of the bound on p, as powers of ten, for every layer of A and of B."""
    picture = -logs / math.log(10)
    image = axis.imshow(picture, cmap="viridis", vmin=0, aspect="equal", interpolation="none")
    finish(axis, picture.shape)
    axis.set_title("layers, by their MLPs", fontsize=10)
    label(axis.set_yticks, range(len(picture)))
    label(axis.set_xticks, range(picture.shape[1]))
    axis.set_ylabel("layer of A")
    axis.set_xlabel("layer of B")
    axis.set_anchor("N")
    figure.colorbar(image, ax=axis, shrink=0.8, label="−log$_{10}$ p, bound", pad=0.02)


if __name__ == "__main__":
    figure_files.main(draw, __doc__, "origin", "origin")
