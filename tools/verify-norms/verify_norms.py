#!/usr/bin/env python3
"""Compares every figure of `transect norms` with numpy in float64, tensor by tensor.

Norms must agree to a relative 1e-12; the dot product, the cosine and the mean, which may cancel,
to 1e-12 of the sum of magnitudes; maxima, positions and counts exactly.
"""
import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
from safetensors import safe_open

TOLERANCE = 1e-12
INTEGERS = {2: np.int16, 4: np.int32, 8: np.int64}


def load(path):
    """Tensors of a file by stored name."""
    if path.is_dir():
        path = path / "model.safetensors"
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}
    state = torch.load(path, map_location="cpu", weights_only=False)
    return state.get("state_dict", state)


def find(tensors, name):
    """The tensor whose stored name ends in a canonical one."""
    if name in tensors:
        return tensors[name]
    matches = [key for key in tensors if key.endswith("." + name)]
    return tensors[min(matches, key=len)]


def keys(tensor):
    """Integers in the order of the floats, both zeros 0."""
    bits = tensor.contiguous().view(
        {2: torch.int16, 4: torch.int32, 8: torch.int64}[tensor.element_size()]
    ).numpy().astype(np.int64).ravel()
    least = -(2 ** (8 * tensor.element_size() - 1))
    return np.where(bits < 0, least - bits, bits)


def reference(a, b):
    """The figures of one pair of tensors."""
    x, y = (t.to(torch.float64).numpy().ravel() for t in (a, b))
    d = x - y
    figures = {
        "diff_l2": np.sqrt(np.sum(d * d)), "diff_scaled": np.sqrt(np.mean(d * d)),
        "norm_a": np.sqrt(np.sum(x * x)), "norm_b": np.sqrt(np.sum(y * y)),
        "largest": np.max(np.abs(d)), "largest_index": int(np.argmax(np.abs(d))),
        "diff_mean": -np.mean(d), "n_equal": int(np.sum(x == y)), "numel": x.size,
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        figures["cosine"] = np.dot(x, y) / (figures["norm_a"] * figures["norm_b"])
        figures["relative"] = figures["diff_l2"] / figures["norm_a"]
    if a.dtype == b.dtype and a.is_floating_point() and a.element_size() > 1:
        ka, kb = keys(a), keys(b)
        bits = torch.eq(*(t.contiguous().view(torch.uint8).reshape(x.size, -1) for t in (a, b)))
        figures["n_identical"] = int(bits.all(dim=1).sum())
        figures["n_within_one_ulp"] = int(np.sum(np.abs(ka - kb) <= 1))
    return figures, {"cosine": 1.0, "diff_mean": np.mean(np.abs(d))}


def error(ours, expected, scale):
    """Relative to the expected value, or to a given scale; 0 if both are no number."""
    if ours is None or not np.isfinite(expected):
        return 0.0 if ours is None and not np.isfinite(expected) else float("inf")
    size = abs(expected) if scale is None else scale
    return abs(ours - expected) / size if size else abs(ours - expected)


def compare(tool, left, right):
    """The worst error over all tensors, the tensors, and what is wrong."""
    lines = subprocess.run(
        [tool, "norms", left, right, "--json"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] == "row"]
    a, b = load(left), load(right)
    worst, faults = 0.0, []
    for row in rows:
        x, y = find(a, row["tensor"]), find(b, row["tensor"])
        if x.shape != y.shape:
            common = min(len(x), len(y))
            x, y = x[:common], y[:common]
        figures, scales = reference(x, y)
        for name, expected in figures.items():
            off = error(row[name], expected, scales.get(name))
            exact = name.startswith("n_") or name in ("largest_index", "largest", "numel")
            if off > (0 if exact else TOLERANCE):
                faults.append(f"{row['tensor']} {name}: {row[name]}, numpy {expected}")
            if not exact:
                worst = max(worst, off)
    return worst, len(rows), faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", help="the built transect")
    parser.add_argument("files", nargs="+", type=pathlib.Path, help="pairs: A B [A B ...]")
    arguments = parser.parse_args()
    failed = False
    for left, right in zip(arguments.files[::2], arguments.files[1::2]):
        worst, count, faults = compare(arguments.tool, left, right)
        print(f"{left.name} {right.name}: {count} tensors, worst relative error {worst:.1e}")
        print("".join(f"  {fault}\n" for fault in faults), end="")
        failed |= bool(faults) or count == 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
