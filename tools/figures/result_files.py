"""What the groups of result files have in common."""
import numpy as np

OUTSIDE = -1  # the layer of what belongs to none


def strings(dataset):
    """Strings of a variable, be they stored as such or as flags with their meanings."""
    if dataset.dtype.kind == "O":
        return dataset.asstr()[:]
    meanings = dict(zip(dataset.attrs["flag_values"], str(dataset.attrs["flag_meanings"]).split()))
    return np.array([meanings[value] for value in dataset[:]])


def dimension(dataset, index):
    """Name and values of a dimension."""
    scale = dataset.dims[index][0]
    return scale.name.rpartition("/")[2], scale[:]


def checkpoints(file):
    """Labels of the inputs by their role, such as a, b and base."""
    inputs = file["provenance"]
    return dict(zip(strings(inputs["role"]), strings(inputs["input"])))


def formula(text):
    """A formula as a person writes it."""
    return text.replace("alpha", "α").replace("beta", "β").replace(" - ", " − ")


def plain(text):
    """Text that is drawn as it stands: dollars are no formula, and controls are seen."""
    seen = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return seen.replace("$", r"\$")
