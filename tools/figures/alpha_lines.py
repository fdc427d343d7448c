"""Lines over the parameter of a path: colours, labels at their ends, and where checkpoints lie."""
import numpy as np
from matplotlib.text import Text
from matplotlib.transforms import offset_copy

# Okabe and Ito 2008, "Color universal design", without yellow, which is too pale for a line.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", ":", "-.")
BEYOND = "0.95"
LABEL = {"size": 8, "line": 10.5, "gap": 15}  # points


def look(index):
    """Colour and dashes of a line; colours come round with other dashes."""
    return {"color": COLOURS[index % len(COLOURS)],
            "linestyle": DASHES[index // len(COLOURS) % len(DASHES)]}


def mark_checkpoints(axis, corners):
    """A thin line and a name above it wherever the path meets a checkpoint: corners are
    (parameter, name)."""
    for place, _ in corners:
        axis.axvline(place, color="0.6", linewidth=0.8, zorder=1)
    above = axis.secondary_xaxis("top")
    above.set_xticks([place for place, _ in corners], [name for _, name in corners])
    above.tick_params(length=0)
    above.spines[:].set_visible(False)


def shade_beyond(axis, places):
    """Shades what lies beyond the two checkpoints, where the path is extrapolated."""
    for start, stop in ((places[0], 0), (1, places[-1])):
        if start < stop:
            axis.axvspan(start, stop, color=BEYOND, linewidth=0, zorder=0)


def label_ends(axis, places, lines, labels):
    """Writes the labels of lines [line, place] to the right of where the lines end, apart from each
    other and as near to their lines as that allows; makes room for them. Limits and scales have to
    be final before. A line that is finite nowhere gets none."""
    shown = [index for index, line in enumerate(lines) if np.isfinite(line).any()]
    lasts = [np.flatnonzero(np.isfinite(lines[index]))[-1] for index in shown]
    ends = [(places[last], lines[index][last]) for index, last in zip(shown, lasts)]
    axis.figure.draw_without_rendering()  # or else neither sizes nor the layout are known
    point, box = axis.figure.dpi / 72, axis.get_window_extent()
    gap = LABEL["line"] * point * max(labels[index].count("\n") + 1 for index in shown)
    heights = spread(axis.transData.transform(ends)[:, 1], gap, box.y0, box.y1)
    beside = offset_copy(axis.get_xaxis_transform(), axis.figure, x=LABEL["gap"], units="points")
    texts = []
    for index, end, height in zip(shown, ends, heights):
        colour = look(index)["color"]
        leader = {"arrowstyle": "-", "color": colour, "linewidth": 0.5, "relpos": (0, 0.5),
                  "shrinkA": 0, "shrinkB": 2}
        texts.append(axis.annotate(
            labels[index], end, (places[-1], (height - box.y0) / box.height), textcoords=beside,
            va="center", fontsize=LABEL["size"], color=colour, arrowprops=leader))
    widest = max(Text.get_window_extent(text).width for text in texts) + LABEL["gap"] * 1.5 * point
    low, high = axis.get_xlim()
    axis.set_xticks([tick for tick in axis.get_xticks() if low < tick < high])
    axis.set_xlim(low, low + (places[-1] - low) / (1 - widest / box.width))


def spread(wanted, gap, low, high):
    """Places at least a gap apart and half a gap within the ends that are nearest to those wanted
    in the sense of least squares: isotonic regression of what is left when gaps are taken out.

    Too many for the room stay a gap apart, and go beyond the high end.
    """
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(order))
    blocks = []
    for value in np.asarray(wanted)[order] - steps:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (mean, count), (other, more) = blocks[-2:]
            blocks[-2:] = [[(mean * count + other * more) / (count + more), count + more]]
    least, most = low + gap / 2, high - gap / 2 - steps[-1]
    free = np.concatenate([np.full(count, mean) for mean, count in blocks])
    found = np.empty(len(order))
    found[order] = np.clip(free, least, max(least, most)) + steps
    return found
