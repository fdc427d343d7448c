"""Power of `transect origin` on layers of GPT-2's size whose correlation is known.

Writes pairs of one-layer checkpoints (3,072 hidden units, 768 channels, two views), runs the tool
on each and prints, beside what it found, what theory predicts for z:

    rho sqrt(h D) / sqrt(1 + rho^2 D / h),  D = 2 d

    python power.py [--tool PATH] [--folder SCRATCH]
"""
import argparse
import json
import math
import pathlib
import subprocess

import numpy as np

UNITS, CHANNELS = 3072, 768
FEATURES = 2 * CHANNELS


def write(path, views):
    """A checkpoint with the two matrices of an MLP, from the vectors [units, channels] of its units."""
    tensors = {"h.0.mlp.c_fc.weight": views[0].T, "h.0.mlp.c_proj.weight": views[1]}
    entries, end, parts = {}, 0, []
    for name, values in tensors.items():
        data = np.ascontiguousarray(values, np.float32).tobytes()
        entries[name] = {
            "dtype": "F32", "shape": list(values.shape), "data_offsets": [end, end + len(data)]}
        parts.append(data)
        end += len(data)
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"".join(parts))


def correlated(first, second, rho):
    """Vectors that correlate with the first ones."""
    return [rho * a + math.sqrt(1 - rho * rho) * b for a, b in zip(first, second)]


def partly(first, second, share, rho):
    """The first so many units correlate, the others do not."""
    kept = round(share * UNITS)
    return [np.concatenate([rho * a[:kept] + math.sqrt(1 - rho * rho) * b[:kept], b[kept:]])
            for a, b in zip(first, second)]


def with_spectrum(views):
    """The same with singular values that fall like k^-0.6."""
    results = []
    for view in views:
        left, _, right = np.linalg.svd(view, full_matrices=False)
        results.append(left * (np.arange(1, CHANNELS + 1) ** -0.6) @ right)
    return results


def scenarios():
    """Names, correlation of all units where there is one, and the vectors of both models."""
    random = np.random.default_rng(20)
    first, second = ([random.standard_normal((UNITS, CHANNELS)) for _ in range(2)] for _ in range(2))
    yield "independent", 0, first, second
    for rho in (0.5, 0.1, 0.05, 0.03, 0.01, 0.003):
        yield f"rho = {rho}", rho, first, correlated(first, second, rho)
    yield "10 % of units, rho = 0.9", None, first, partly(first, second, 0.1, 0.9)
    yield "1 % of units, rho = 0.9", None, first, partly(first, second, 0.01, 0.9)
    order = random.permutation(UNITS)
    yield "same, hidden units permuted", 0, first, [view[order] for view in first]
    yield "independent, same spectrum", 0, with_spectrum(first), with_spectrum(second)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", default=".build/release/transect")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("power-scratch"))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    paths = [arguments.folder / f"{side}.safetensors" for side in "ab"]
    print("| pair | rho found | z | z predicted | log10 p of the ranks |\n|---|--:|--:|--:|--:|")
    for name, rho, first, second in scenarios():
        for path, views in zip(paths, (first, second)):
            write(path, views)
        text = subprocess.run(
            [arguments.tool, "origin", *paths, "--json", "--direct-only"], capture_output=True,
            text=True, check=False).stdout
        group = next(line for line in map(json.loads, text.splitlines()) if line["kind"] == "group")
        predicted = "" if rho is None else (
            f"{rho * math.sqrt(UNITS * FEATURES) / math.sqrt(1 + rho * rho * FEATURES / UNITS):.1f}")
        print(f"| {name} | {group['rho']:.4f} | {group['z']:.1f} | {predicted} "
              f"| {group['ln_p_rank'] / math.log(10):.1f} |", flush=True)


if __name__ == "__main__":
    main()
