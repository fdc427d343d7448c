#!/usr/bin/env python3
"""Draws what a result file of `transect origin` found: where units of one model lie among those of
the other, and, if it was computed, which layer of one descends from which of the other.

One heat map for each kind of group, layers down and bins of ranks across. The rank of a unit is how
many units of the other model are at least as similar to it as its namesake; colours say how many
times more units fall into a bin than of independent models. Models that share an initialization
fill the first column. The layer map shows the bound on p for every pair of layers.

    pip install -r requirements.txt
    python origin.py RESULT.h5 --out origin
"""
import argparse
import math
import pathlib

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import TwoSlopeNorm

TITLES = {
    "mlp": "MLP hidden units", "vo": "value and output", "qk": "query and key",
    "res": "residual stream", "unused": "unseen tokens",
}
CELL = {"width": 0.36, "height": 0.28}  # inches
LEAST_TOP = 4
MOST_LABELS = 12  # along one axis
NO_DATA = "0.88"
STYLE = {"font.size": 9, "svg.hashsalt": "transect"}  # the salt makes equal input equal bytes


def read(path):
    """The variables of /origin that are drawn; the layer map is None if it is not there."""
    with h5py.File(path) as file:
        origin = file["origin"]
        data = {name: origin[name][:] for name in ("layer", "h", "rank_count", "rank_bin")}
        data["group"] = labels(origin["group"])
        data["map"] = file["origin_layers/map_ln_p"][:] if "origin_layers" in file else None
        return data


def labels(dataset):
    """Strings of a variable, be they stored as such or as flags with their meanings."""
    if dataset.dtype.kind == "O":
        return dataset.asstr()[:]
    meanings = dict(zip(dataset.attrs["flag_values"], str(dataset.attrs["flag_meanings"]).split()))
    return np.array([meanings[value] for value in dataset[:]])


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


def draw(data):
    """The figure: a panel for each kind, beside them the layer map."""
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


def label(set_ticks, names):
    """At most MOST_LABELS of the names along an axis."""
    step = -(-len(names) // MOST_LABELS)
    set_ticks(range(0, len(names), step), names[::step])


def finish(axis, shape):
    """White lines between cells, no frame, and grey where there is nothing."""
    axis.set_facecolor(NO_DATA)
    for edges, line in zip(shape, (axis.axhline, axis.axvline)):
        for edge in range(1, edges):
            line(edge - 0.5, color="white", linewidth=0.8)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def main():
    """Reads the result file and writes both images."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=pathlib.Path, help="HDF5 file of transect origin -o")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("origin"),
                        help="where to write, without .png and .svg")
    arguments = parser.parse_args()
    data = read(arguments.result)
    if not len(data["group"]):
        parser.exit(1, f"{arguments.result}: no groups were tested\n")
    with plt.rc_context(STYLE):
        figure = draw(data)
        for suffix, metadata in ((".png", {}), (".svg", {"Date": None})):
            path = arguments.out.with_name(arguments.out.name + suffix)
            figure.savefig(path, dpi=200, metadata=metadata)
            print(f"Written: {path}")


if __name__ == "__main__":
    main()
