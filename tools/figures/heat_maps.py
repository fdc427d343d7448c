"""What heat maps of cells have in common: their lines, what is not there, and labels."""
MOST_LABELS = 12  # along one axis
NO_DATA = "0.88"


def finish(axis, shape):
    """White lines between cells, no frame, and grey where there is nothing."""
    bare(axis)
    for edges, line in zip(shape, (axis.axhline, axis.axvline)):
        for edge in range(1, edges):
            line(edge - 0.5, color="white", linewidth=0.8)


def bare(axis):
    """No frame and no ticks, and grey where there is nothing."""
    axis.set_facecolor(NO_DATA)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)


def label(set_ticks, names):
    """At most MOST_LABELS of the names along an axis."""
    step = -(-len(names) // MOST_LABELS)
    set_ticks(range(0, len(names), step), names[::step])
