#!/usr/bin/env python3
"""Compares every singular value of `transect spectrum` with numpy's SVD in float64.

Singular values above 1e-6 of the largest must agree to a relative 1e-10, those below to 1e-15 of
the largest times the square root of the longer side, norms and the figures made of them to 1e-9. The ranks,
the rounding floor and the verdict are computed again here from their definitions. Every matrix in
common must be there.

    pip install -r requirements.txt
    python verify_spectrum.py TRANSECT A [B] [-- A [B] ...]

Files are safetensors or PyTorch's, or folders with a model.safetensors. Prints the worst error for
each run, then what is wrong. Exits with 0 if nothing is, 1 if anything is, 2 if there was nothing
to compare.
"""
import argparse
import itertools
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "verify-norms"))
import verify_norms  # noqa: E402  (its readers and names are those needed here)

TOLERANCE = 1e-10
FLOOR = 1e-6
BITS = {"F64": 52, "F32": 23, "F16": 10, "BF16": 7, "F8_E4M3": 3, "F8_E5M2": 2}
LEAST = {"F64": -1022, "F32": -126, "F16": -14, "BF16": -126, "F8_E4M3": -6, "F8_E5M2": -14}


def measured(tool, files):
    """Columns of /spectrum, /spectrum_sigma and /spectrum_energy."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "spectrum.h5"
        command = [tool, "spectrum", *files, "--match-transposed", "-q", "-o", path]
        if len(files) == 1:
            command.remove("--match-transposed")
        subprocess.run(command, check=True)
        with h5py.File(path) as file:
            return {
                name: (values.asstr()[:] if values.dtype.kind == "O" else values[:])
                for group in ("spectrum", "spectrum_sigma", "spectrum_energy")
                for name, values in file[group].items()
            }


def matrix(tensor):
    """A tensor as a matrix in float64, its outermost extent down."""
    values = tensor.double().numpy()
    return values.reshape(values.shape[0], -1)


def spacing(values, dtype):
    """Mean of the squared gaps between neighbours around some values."""
    if dtype not in BITS:
        return 1.0
    binades = np.ldexp(1.0, np.maximum(np.frexp(values)[1] - 1, LEAST[dtype]))
    binades[values == 0] = np.ldexp(1.0, LEAST[dtype])
    return np.mean((binades * 2.0 ** -BITS[dtype]) ** 2)


def reference(found, row, models):
    """The matrix of a row as numpy has it, and its mean squared spacing."""
    name = found["tensor"][row]
    if len(models) == 1:
        a = matrix(models[0][name])
        return a, spacing(a, found["dtype_a"][row])
    pair = {"tensor": name, "remark": found["remark"][row]}
    a, b = map(matrix, verify_norms.partners(pair, *models))
    return a - b, spacing(a, found["dtype_a"][row]) + spacing(b, found["dtype_b"][row])


def low_rank(values, count):
    """The rule of the verdict; -1 for none."""
    clear = 1 <= count and 4 * count <= len(values) and values[count - 1] >= 2 * values[count]
    return count if clear else -1


def check_row(found, row, models):
    """The worst relative error of a row's singular values above the floor, and what is wrong."""
    d, square = reference(found, row, models)
    expected = np.linalg.svd(d, compute_uv=False)
    ours = found["sigma"][row][: len(expected)]
    if not np.all(np.isfinite(ours)):
        return 0.0, [f"{found['tensor'][row]}: no singular values"]
    top = expected[0] if len(expected) else 0.0
    errors, high = np.abs(ours - expected), expected > FLOOR * top
    worst = np.max(errors[high] / expected[high], initial=0.0)
    below = np.max(errors[~high], initial=0.0)
    faults = []
    if worst > TOLERANCE:
        faults.append(f"sigma off by {worst:.1e}")
    if below > 1e-15 * np.sqrt(max(d.shape)) * top:
        faults.append(f"small sigma off by {below / top:.1e} of the largest")
    faults += [f"{name}: {found[name][row]}, numpy {value}"
               for name, value in figures(d, expected, square).items()
               if not np.isclose(found[name][row], value, rtol=1e-9, atol=0, equal_nan=True)]
    faults += counts(found, row, ours)
    return worst, [f"{found['tensor'][row]}: {fault}" for fault in faults]


def figures(d, values, square):
    """Figures of a spectrum, from numpy's singular values."""
    total, top = np.linalg.norm(d), values[0] if len(values) else 0.0
    p = values[values > 0] / np.sum(values) if top > 0 else np.array([])
    return {
        "spectral_norm": top, "frobenius_norm": total,
        "stable_rank": (total / top) ** 2 if top > 0 else 0,
        "effective_rank": np.exp(-np.sum(p * np.log(p))) if top > 0 else 0,
        "rounding_floor": 1.25 * np.sqrt(square / 12) * np.sum(np.sqrt(d.shape)),
    }


def counts(found, row, values):
    """Faults of what is counted and summed, from the singular values stored."""
    count, total = np.sum(values > found["rounding_floor"][row]), np.sum(values ** 2)
    energy = [np.sum(values[:r] ** 2) / total if total > 0 else np.nan for r in found["r"]]
    faults = []
    if found["n_above_floor"][row] != count:
        faults.append(f"n_above_floor {found['n_above_floor'][row]}, {count} expected")
    if found["low_rank"][row] != low_rank(values, count):
        faults.append(f"low_rank {found['low_rank'][row]}, {low_rank(values, count)} expected")
    if not np.allclose(found["energy"][row], energy, rtol=1e-9, equal_nan=True):
        faults.append("energy differs")
    return faults


def check(tool, files):
    """Compares one run and prints what was found; the exit status."""
    found, models = measured(tool, files), [verify_norms.load(file) for file in files]
    worst, faults = 0.0, []
    for row in range(len(found["tensor"])):
        off, wrong = check_row(found, row, models)
        worst, faults = max(worst, off), faults + wrong
    names = " ".join(str(pathlib.Path(*file.parts[-2:])) for file in files)
    print(f"{names}: {len(found['tensor'])} matrices, {np.sum(np.isfinite(found['sigma']))} singular "
          f"values, worst relative error above {FLOOR:g} of the largest {worst:.1e}", flush=True)
    print("".join(f"  {fault}\n" for fault in faults), end="")
    return 1 if faults else 0 if len(found["tensor"]) else 2


def main():
    """Checks all runs; exits with the worst status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", help="the built transect")
    parser.add_argument("files", nargs=argparse.REMAINDER, help="A [B], runs separated by --")
    arguments = parser.parse_args()
    runs = [list(map(pathlib.Path, run)) for divider, run in
            itertools.groupby(arguments.files, lambda word: word == "--") if not divider]
    sys.exit(max([check(arguments.tool, run) for run in runs], default=2))


if __name__ == "__main__":
    main()
