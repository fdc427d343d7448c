"""How a script of this folder is called, and how its figure gets into files.

    python SCRIPT.py RESULT.h5 [-o NAME]

writes NAME.png and NAME.svg, or the one of them that NAME ends in. NAME is the script's, if none is
given. Equal input gives equal bytes.
"""
import argparse
import io
import os
import pathlib
import sys

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

METADATA = {".png": {}, ".svg": {"Date": None}}  # a date would make the bytes differ
STYLE = {"font.size": 9, "svg.hashsalt": "transect"}  # the salt makes equal input equal bytes


class NothingToDraw(Exception):
    """A result that is good, but has nothing to show; the text says what is missing."""


def main(draw, description, verb, group, options=None):
    """Reads the arguments and the result, and writes the figure.

    `draw` makes a figure from the open file and the values of `options`, which are argparse's
    settings by flag. Exits with 1 if there is nothing to draw, with 2 if a file cannot be used.
    """
    parser = argument_parser(description, verb, options or {})
    arguments = vars(parser.parse_args())
    result, name = arguments.pop("result"), arguments.pop("out")
    try:
        with opened(result) as file, plt.rc_context(STYLE):
            if group not in file:
                parser.exit(2, f"{result}: no group /{group}, which transect {verb} -o writes\n")
            write(draw(file, **arguments), name)
    except NothingToDraw as reason:
        parser.exit(1, f"{result}: {reason}\n")
    except OSError as error:
        parser.exit(2, f"{error.filename or result}: {error.strerror or error}\n")


def opened(path):
    """A result file; an error names it and says why in the system's words."""
    try:
        return h5py.File(path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "is no HDF5 file"
        raise OSError(error.errno, reason, str(path)) from error


def argument_parser(description, verb, options):
    """The parser of what all scripts take, and of their own options."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=pathlib.Path, help=f"HDF5 file of transect {verb} -o")
    parser.add_argument("-o", "--out", type=pathlib.Path, metavar="NAME",
                        default=pathlib.Path(pathlib.Path(sys.argv[0]).stem),
                        help="where to write: both images, or one if NAME ends in .png or .svg")
    for flag, settings in options.items():
        parser.add_argument(flag, **settings)
    return parser


def write(figure, name):
    """Writes the images that the name asks for.

    Both are made in any case: the layout moves a little each time it is found, and an image should
    have the same bytes with the other and without.
    """
    asked = [name] if name.suffix.lower() in METADATA else [
        name.with_name(name.name + suffix) for suffix in METADATA]
    for suffix, metadata in METADATA.items():
        image = io.BytesIO()
        figure.savefig(image, format=suffix[1:], dpi=200, metadata=metadata)
        for path in asked:
            if path.suffix.lower() == suffix:
                path.write_bytes(image.getvalue())
                print(f"Written: {path}")
