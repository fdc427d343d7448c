#!/usr/bin/env python3
"""Compares every figure of `transect gram -o` with numpy in float64, tensor by tensor.

Inner products must agree to 1e-12 of the sum of their terms' magnitudes, squared distances to a
relative 1e-12, and the norm and distances of `--at` to a relative 1e-10 with checkpoints that numpy
mixed. Every matrix must have the same bits with one thread and with three, mapped and read.

    pip install -r requirements.txt
    python verify_gram.py TRANSECT A B [C ...]

Files are safetensors. Prints the worst errors; exits with 0 if none is beyond its bound, else with 1.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import torch
from safetensors import safe_open

TOLERANCE = 1e-12
POINT_TOLERANCE = 1e-10


def load(path):
    """Tensors of a file, or of a folder's model.safetensors, flat and in float64."""
    path = path / "model.safetensors" if path.is_dir() else path
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name).to(torch.float64).numpy().ravel() for name in file.keys()}


def stored(tensors, name):
    """The tensor of a canonical name: that of the stored name which ends in it."""
    if name in tensors:
        return tensors[name]
    return next(value for key, value in tensors.items() if key.endswith("." + name))


def run(tool, files, output, *options):
    """The result file of one run, as bytes."""
    subprocess.run([tool, "gram", *files, "-q", "-o", output, *options], check=True)
    return pathlib.Path(output).read_bytes()


def exact_sum(values):
    """A sum without rounding errors; of long arrays a sum in extended precision."""
    return math.fsum(values) if len(values) < 1 << 16 else float(np.sum(values.astype(np.longdouble)))


def error(ours, expected, scale):
    """The error relative to a scale; infinite if ours is no number."""
    if not np.isfinite(ours):
        return np.inf
    return abs(ours - expected) / scale if ours != expected else 0.0


def check_tensors(path, models):
    """The worst errors of products and of squared distances."""
    worst = [0.0, 0.0]
    with h5py.File(path) as file:
        group = file["gram_tensors"]
        for index, name in enumerate(group["tensor"].asstr()[:]):
            rows = [stored(model, name) for model in models]
            for i, a in enumerate(rows):
                for j, b in enumerate(rows):
                    off = error(group["product"][index, i, j], exact_sum(a * b), np.sum(np.abs(a * b)))
                    worst[0] = max(worst[0], off)
                    square = exact_sum((a - b) ** 2)
                    worst[1] = max(worst[1], error(group["d2"][index, i, j], square, square))
        names = group["tensor"].asstr()[:]
    return worst, names


def check_point(tool, path, models, names, coefficients):
    """The worst relative error of `--at` against weights that were really mixed."""
    text = ",".join(str(value) for value in coefficients)
    output = subprocess.run(
        [tool, "gram", path, f"--at={text}", "--json"], check=True, stdout=subprocess.PIPE,
        text=True).stdout
    rows = [line for line in map(json.loads, output.splitlines()) if line["kind"] == "point"]
    flat = [np.concatenate([stored(model, name) for name in names]) for model in models]
    point = sum(c * theta for c, theta in zip(coefficients, flat))
    worst = 0.0
    for row, theta in zip(rows, flat):
        for ours, expected in ((row["distance"], np.linalg.norm(point - theta)),
                               (row["norm"], np.linalg.norm(point))):
            worst = max(worst, error(ours, expected, expected))
    return worst


def main():
    """Checks one set of files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", help="the built transect")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    models = [load(path) for path in arguments.files]
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{number}.h5" for number in range(2)]
        one = run(arguments.tool, arguments.files, paths[0], "--threads", "1")
        other = run(arguments.tool, arguments.files, paths[1], "--threads", "3", "--io", "pread",
                    "--memory", "32MB")
        worst, names = check_tensors(paths[0], models)
        count = len(models)
        points = [[1 / count] * count, [1.5] + [-0.5 / (count - 1)] * (count - 1),
                  [0.3 + 0.1 * index for index in range(count)]]
        at = max(check_point(arguments.tool, paths[0], models, names, c) for c in points)
    print(f"{' '.join(path.name for path in arguments.files)}: {len(names)} tensors, products "
          f"{worst[0]:.1e}, squared distances {worst[1]:.1e}, points {at:.1e}, bits "
          f"{'equal' if one == other else 'DIFFER'}")
    sys.exit(0 if max(worst) <= TOLERANCE and at <= POINT_TOLERANCE and one == other else 1)


if __name__ == "__main__":
    main()
