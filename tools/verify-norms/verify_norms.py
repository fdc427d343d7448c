#!/usr/bin/env python3
"""Compares every figure of `transect norms` with numpy in float64, tensor by tensor.

Norms must agree to a relative 1e-12; cosine and mean, whose terms may cancel, to 1e-12 of the sum
of their terms' magnitudes; maxima, positions and counts exactly. Every tensor of either file must
be accounted for.

    pip install -r requirements.txt
    python verify_norms.py TRANSECT A B [A B ...]

Files are safetensors, or PyTorch's zip files. Prints the worst error for each pair of files, then
what is wrong. Exits with 0 if nothing is, 1 if anything is, 2 if there was nothing to compare.
"""
import argparse
import itertools
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import torch
from safetensors import safe_open

TOLERANCE = 1e-12
PREFIXES = {
    "module", "_orig_mod", "transformer", "model", "bert", "roberta", "distilbert", "gpt_neox",
}
STATE_DICTS = ("state_dict", "model_state_dict", "model", "module", "params", "net", "weights")
BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


# Files


def load(path):
    """Tensors of a file, or of a folder's model.safetensors, by canonical name."""
    path = path / "model.safetensors" if path.is_dir() else path
    try:
        with safe_open(path, framework="pt") as file:
            stored = {name: file.get_tensor(name) for name in file.keys()}
    except Exception:  # not safetensors; if it is nothing else either, torch says so
        stored = state_dict(torch.load(path, map_location="cpu", weights_only=True))
    names = [canonical(name) for name in stored]
    return {
        short if names.count(short) == 1 else name: tensor
        for short, (name, tensor) in zip(names, stored.items())
    }


def state_dict(saved):
    """The dict of tensors within what was saved."""
    for key in STATE_DICTS:
        if isinstance(saved.get(key), dict):
            return state_dict(saved[key])
    return {name: value for name, value in saved.items() if torch.is_tensor(value)}


def canonical(name):
    """A name without the prefixes of wrappers."""
    parts = name.split(".")
    return ".".join(itertools.dropwhile(PREFIXES.__contains__, parts)) or name


def partners(row, left, right):
    """The two tensors that a row compares, made to match as its remark says."""
    name, remark = row["tensor"], row["remark"]
    tied = re.search(r"(base|other) ties it to ([^;]+)", remark)
    a = left[tied[2] if tied and tied[1] == "base" else name]
    b = right[tied[2] if tied and tied[1] == "other" else name]
    if "stored transposed" in remark:
        b = b.T
    if common := re.search(r"first (\d+) rows", remark):
        a, b = a[: int(common[1])], b[: int(common[1])]
    assert a.shape == b.shape, f"{name}: {a.shape} against {b.shape}, remark '{remark}'"
    return a.contiguous(), b.contiguous()


# The reference


def reference(a, b):
    """Figures of one pair of tensors: those to be met closely, those to be met exactly, and what
    the errors of those that may cancel are relative to."""
    x, y = (tensor.to(torch.float64).numpy().ravel() for tensor in (a, b))
    d, n = x - y, x.size
    norm, norm_a, norm_b = (np.sqrt(np.sum(v * v)) for v in (d, x, y))
    norms = norm_a * norm_b
    close = {
        "distance": norm / np.sqrt(n), "diff_scaled": norm / np.sqrt(n), "diff_l2": norm,
        "norm_a": norm_a, "norm_b": norm_b, "relative": norm / norm_a,
        "cosine": np.sum(x * y) / norms, "diff_mean": np.sum(y - x) / n,
    }
    scales = {"cosine": np.sum(np.abs(x * y)) / norms, "diff_mean": np.sum(np.abs(d)) / n}
    exact = {
        "numel": n,
        "largest": np.max(np.abs(d), initial=0.0),
        "largest_index": int(np.argmax(np.abs(d))) if n else None,
        "n_nan_a": np.isnan(x).sum(), "n_inf_a": np.isinf(x).sum(),
        "n_nan_b": np.isnan(y).sum(), "n_inf_b": np.isinf(y).sum(),
        "n_equal": np.sum(x == y), "n_identical": identical(a, b),
        "n_within_one_ulp": np.sum((x == y) | (near(a, b, x, y) & np.isfinite(x) & np.isfinite(y))),
    }
    return close, exact, scales


def bits(tensor):
    """The elements' bits as signed integers."""
    raw = tensor.to(torch.uint8) if tensor.dtype == torch.bool else tensor
    return raw.view(BITS[raw.element_size()]).numpy().ravel()


def identical(a, b):
    """How many elements have the same bits; none if the types differ."""
    return np.sum(bits(a) == bits(b)) if a.dtype == b.dtype else 0


def keys(tensor):
    """Integers in the order of the floats, one apart for neighbours, both zeros 0."""
    raw = bits(tensor)
    return np.where(raw < 0, np.iinfo(raw.dtype).min - raw, raw)


def near(a, b, x, y):
    """Which finite elements are neighbours in their type; if types differ, or are of integers,
    which are no further apart than the coarser type's spacing at the smaller magnitude."""
    if a.dtype == b.dtype and a.is_floating_point():
        return adjacent(keys(a), keys(b))
    least = np.minimum(np.abs(x), np.abs(y))
    return np.abs(x - y) <= np.maximum(spacing(a.dtype, least), spacing(b.dtype, least))


def adjacent(p, q):
    """Which integers are at most one apart; their differences might overflow."""
    low, high = np.minimum(p, q), np.maximum(p, q)
    return (low == high) | ((low < high) & (low == high - 1))


def spacing(dtype, magnitudes):
    """The gaps between neighbouring values of a type."""
    if not dtype.is_floating_point:
        return np.ones_like(magnitudes)
    info = torch.finfo(dtype)
    powers = np.ldexp(1.0, np.frexp(magnitudes)[1] - 1)
    return np.maximum(powers, info.tiny) * info.eps


# The comparison


def error(ours, expected, scale):
    """The error relative to a scale; 0 if neither is a finite number, infinite if only one is."""
    if ours is None or not np.isfinite(expected):
        return 0.0 if ours is None and not np.isfinite(expected) else np.inf
    return abs(ours - expected) / scale if ours != expected else 0.0


def agrees(ours, expected):
    """Whether a figure is met exactly; JSON has null for what is not finite."""
    return ours == (expected if expected is not None and np.isfinite(expected) else None)


def check_row(row, left, right):
    """The worst relative error of a row, and what is wrong in it."""
    close, exact, scales = reference(*partners(row, left, right))
    errors = {
        name: error(row[name], value, scales.get(name, abs(value))) for name, value in close.items()
    }
    wrong = [name for name, value in errors.items() if not value <= TOLERANCE]
    wrong += [name for name, value in exact.items() if not agrees(row[name], value)]
    faults = [
        f"{row['tensor']}, {name}: {row[name]}, numpy {(close | exact)[name]}" for name in wrong
    ]
    return max(errors.values()), faults


def report(tool, left, right):
    """Lines of `transect norms --json`, by their kind."""
    command = [tool, "norms", left, right, "--match-transposed", "--json"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = [json.loads(line) for line in output.splitlines()]
    return [[line for line in lines if line["kind"] == kind] for kind in ("row", "coverage")]


def check(tool, left, right):
    """Compares two files and prints what was found; the exit status."""
    rows, coverage = report(tool, left, right)
    a, b = load(left), load(right)
    known = {line["tensor"] for line in rows + coverage}
    faults = [f"{name}: not accounted for" for name in sorted((a.keys() | b.keys()) - known)]
    worst = 0.0
    for row in rows:
        off, wrong = check_row(row, a, b)
        worst, faults = max(worst, off), faults + wrong
    print(f"{left.name} {right.name}: {len(rows)} tensors, worst relative error {worst:.1e}")
    print("".join(f"  {fault}\n" for fault in faults), end="")
    return 1 if faults else 0 if rows else 2


def main():
    """Checks all pairs of files; exits with the worst status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", help="the built transect")
    parser.add_argument("files", nargs="+", type=pathlib.Path, help="pairs: A B [A B ...]")
    arguments = parser.parse_args()
    if len(arguments.files) % 2:
        parser.error("files come in pairs")
    np.seterr(all="ignore")
    pairs = zip(arguments.files[::2], arguments.files[1::2])
    sys.exit(max([check(arguments.tool, left, right) for left, right in pairs]))


if __name__ == "__main__":
    main()
