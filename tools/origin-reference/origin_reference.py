#!/usr/bin/env python3
"""Tests in numpy whether two checkpoints share an initialization, as `transect origin` does.

Under the null hypothesis, two independent initializations, the order of exchangeable units (hidden
units of an MLP, dimensions of a head, dimensions of the residual stream) of one model is uniform
given all else. For every group of units this prints how often a unit of A is most like its namesake
in B, a bound on the probability of that, and the trace statistic with its exact moments under
permutation; then all groups taken together. One JSON object a line.

    pip install -r requirements.txt
    python origin_reference.py A B [--align] [--unseen 250:256]

A and B are folders or files of safetensors. The units of a block are centred on the block's mean,
and each unit is scaled to length one in each view. Ties within rounding count against the test.

Sources: arXiv 2502.12292 (independence tests by permutation); Hoeffding 1951, "A combinatorial
central limit theorem" (moments); Fisher 1925 (combination).
"""
import argparse
import json
import math
import pathlib
from statistics import NormalDist

import numpy as np

from checkpoints import Checkpoint, Units, depth, family_of, is_per_layer

TIE = {"float64": 1e-12, "float32": 2e-6}  # of cosines
ALPHA = 1e-6
POWER = NormalDist().inv_cdf(0.95)
CONTROL_DEVIATION, CONTROL_LEVEL = 1.5, 1e-3


# Features


def features(a, b, group, layers, rotation=None):
    """Features of A's and of B's units, each [blocks, units, features], whose inner products are
    cosines averaged over the views. With a rotation, A's run along B's residual basis."""
    views = [view for view in group["views"] if a.uses(view) and b.uses(view)]
    fold = rotation is not None
    found = (units.of(group, views, layer, fold) for units, layer in zip((a, b), layers))
    x, y = zip(*(common(left, right) for left, right in zip(*found)))
    return joined([rotated(normalized(view), rotation) for view in x]), joined(map(normalized, y))


def common(left, right):
    """Both views with the features they have in common, the first ones."""
    count = min(left.shape[2], right.shape[2])
    return left[:, :, :count], right[:, :, :count]


def normalized(units):
    """Units [blocks, units, features] less the mean of their block, scaled to length one; a unit
    that is its block's mean up to rounding becomes zero."""
    lengths = np.linalg.norm(units, axis=2, keepdims=True)
    centred = units - units.mean(axis=1, keepdims=True, dtype=np.float64).astype(units.dtype)
    left = np.linalg.norm(centred, axis=2, keepdims=True)
    counts = left > 16 * np.finfo(units.dtype).eps * lengths
    return np.where(counts, centred / np.where(counts, left, 1), 0)


def rotated(units, rotation):
    """Features rotated along the residual stream, of which they may hold several."""
    if rotation is None:
        return units
    parts = units.reshape(*units.shape[:2], -1, len(rotation))
    return (parts @ rotation.astype(units.dtype)).reshape(units.shape)


def joined(views):
    """Views side by side, divided by the root of their number."""
    views = list(views)
    return np.concatenate(views, axis=2) / views[0].dtype.type(math.sqrt(len(views)))


# Statistics of one group


def find_ranks(cosines):
    """For each unit of A, how many other units of B are at least as similar to it as its namesake
    is; cosines are [blocks, units of A, units of B]."""
    own = np.diagonal(cosines, axis1=1, axis2=2)[:, :, None]
    return (cosines >= own - cosines.dtype.type(TIE[cosines.dtype.name])).sum(axis=2).ravel() - 1


def trace_moments(cosines):
    """The sum of all blocks' diagonals, and its mean and variance over all permutations of the
    units within each block. Overwrites the cosines."""
    size = cosines.shape[1]
    observed = np.trace(cosines, axis1=1, axis2=2, dtype=np.float64).sum()
    over_a = cosines.mean(axis=1, keepdims=True, dtype=np.float64)
    over_b = cosines.mean(axis=2, keepdims=True, dtype=np.float64)
    mean = over_a.mean(axis=2, keepdims=True)
    cosines -= over_b.astype(cosines.dtype)
    cosines -= (over_a - mean).astype(cosines.dtype)
    squares = np.einsum("bij,bij->", cosines, cosines, dtype=np.float64)
    return observed, size * mean.sum(), squares / max(size - 1, 1)


def bound_ranks(ranks, size, blocks):
    """The least bound on ln P(N_k >= n) over k = 1, 2, 4, ... up to a quarter of the block, plus
    the logarithm of how many k were tried: (ln p, k, N_k)."""
    grid = [2**power for power in range(size.bit_length()) if 2**power <= size / 4]
    counts = [(k, int((ranks < k).sum())) for k in grid]
    found = [(log_dominance(n, k * blocks) + math.log(len(grid)), k, n) for k, n in counts]
    value, k, n = min(found, default=(0.0, 0, 0))
    return min(0.0, value), k, n


def log_dominance(count, rate):
    """ln of rate^j (count - j)! / count!, j = count - rate, which bounds the probability of `count`
    units of rank below k where `rate` = blocks x k are expected; 0 if no more than those."""
    if count <= rate:
        return 0.0
    return (count - rate) * math.log(rate) + math.lgamma(rate + 1) - math.lgamma(count + 1)


def log_normal_tail(z):
    """ln P(Z > z) of a standard normal."""
    if z < 30:
        return math.log(math.erfc(z / math.sqrt(2)) / 2)
    series = -1 / z**2 + 3 / z**4 - 15 / z**6 + 105 / z**8  # asymptotic; the next term is < 2e-12
    return -z * z / 2 - math.log(z * math.sqrt(2 * math.pi)) + math.log1p(series)


def histogram(ranks, size):
    """Counts of ranks by their upper bounds 1, 2, 4, ...: the first bin is rank 0, the next rank 1,
    then 2 and 3, 4 to 7, and so on."""
    bins = (size - 1).bit_length() + 1
    exponents = np.frexp(ranks.astype(np.float64))[1]
    return np.bincount(exponents, minlength=bins).tolist()


def measure(x, y):
    """All statistics of one group from the features [blocks, units, features] of both models."""
    blocks, size = x.shape[:2]
    cosines = x @ y.transpose(0, 2, 1)
    ranks = find_ranks(cosines)
    observed, expected, variance = trace_moments(cosines)
    z = (observed - expected) / math.sqrt(variance) if variance > 0 else 0.0
    least = -blocks * math.lgamma(size + 1)
    ln_p_rank, k, n = bound_ranks(ranks, size, blocks)
    return {
        "h": size, "blocks": blocks, "rho": observed / len(ranks),
        "rho_c": (observed - expected) / len(ranks), "variance": variance, "z": z,
        "ln_p_z": max(log_normal_tail(z), least) if variance > 0 else 0.0,
        "best_k": k, "n_k": n, "f": int((ranks == 0).sum()), "ln_p_rank": ln_p_rank,
        "rank_count": histogram(ranks, size), "ranks": ranks.tolist(),
    }  # fmt: skip


# All groups together


def fisher(logs):
    """ln P of Fisher's combination of independent p-values, given their logarithms."""
    x = -math.fsum(logs)
    if x <= 0:
        return 0.0
    terms = [k * math.log(x) - math.lgamma(k + 1) for k in range(len(logs))]
    top = max(terms)
    return min(0.0, -x + top + math.log(math.fsum(math.exp(term - top) for term in terms)))


def certify(logs, stages):
    """ln of the certified p: twice the lesser of Fisher's and Bonferroni's, times the stages."""
    least = min(fisher(logs), math.log(len(logs)) + min(logs))
    return min(0.0, math.log(2) + least + math.log(stages))


def ks(probabilities):
    """D of Kolmogorov and Smirnov against the uniform distribution, and its p-value by Stephens'
    approximation."""
    sample, n = np.sort(probabilities), len(probabilities)
    steps = np.arange(n + 1) / n
    distance = max((steps[1:] - sample).max(), (sample - steps[:-1]).max())
    scaled = (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * distance
    if scaled < 0.2:
        return float(distance), 1.0
    tail = 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return float(distance), min(1.0, max(0.0, tail))


def detection_limit(groups):
    """The mean cosine that would be found significant at ALPHA with a power of 95 %, about."""
    information = sum((g["h"] * g["blocks"]) ** 2 / g["variance"] for g in groups if g["variance"])
    return (NormalDist().inv_cdf(1 - ALPHA) + POWER) / math.sqrt(information)


def control_limit(count):
    """The largest deviation that `count` controls may have: CONTROL_DEVIATION, or if they are few
    what a normal sample exceeds once in a thousand, by Wilson and Hilferty's approximation."""
    freedom, z = count - 1, NormalDist().inv_cdf(1 - CONTROL_LEVEL)
    share = 2 / (9 * freedom)
    return max(CONTROL_DEVIATION, (1 - share + z * math.sqrt(share)) ** 1.5)


def judge(groups, controls, stages):
    """The verdict over the groups of one stage."""
    ln_p = certify([group["ln_p_rank"] for group in groups], stages)
    deviation = float(np.std(controls, ddof=1)) if len(controls) > 1 else None
    agreement = ks([NormalDist().cdf(z) for z in controls])[1] if controls else None
    fails = len(controls) > 1 and (
        deviation > control_limit(len(controls)) or agreement < CONTROL_LEVEL)
    found = "SHARED" if ln_p < math.log(ALPHA) else "NOT DETECTED"
    return {
        "kind": "verdict", "verdict": "UNTESTABLE" if fails else found, "ln_p_cert": ln_p,
        "ln_p_z": fisher([group["ln_p_z"] for group in groups]), "groups": len(groups),
        "stages": stages, "detectable_rho": detection_limit(groups),
        "controls": len(controls), "control_mean": float(np.mean(controls)) if controls else None,
        "control_deviation": deviation, "control_ks": agreement,
    }  # fmt: skip


# Stages


def find_groups(a, b, layers):
    """(name, group, layer) of what can be compared, and what cannot and why."""
    testable, skipped = [], []
    for name, group in a.family["groups"].items():
        if a.blocks(group) is None or a.blocks(group) != b.blocks(group):
            skipped.append({"kind": "skipped", "group": name, "why": "number of heads unknown"})
        elif is_per_layer(group):
            testable += [(name, group, layer) for layer in range(layers)]
        else:
            testable.append((name, group, -1))
    return sorted(testable, key=lambda entry: entry[2]), skipped


def direct(a, b, testable, rotation):
    """Records of all groups, those of the residual stream left out once it is rotated."""
    for name, group, layer in testable:
        if rotation is None or is_per_layer(group):
            x, y = features(a, b, group, (layer, layer), rotation)
            label = name if layer < 0 else f"{name}.{layer}"
            place = {"kind": "group", "name": label, "layer": layer, "group": name}
            yield place | measure(x, y)


def control(a, b, testable, layers, rotation):
    """z of each layer of A against the next one of B, for all groups of layers."""
    for name, group, layer in testable if layers > 1 else ():
        if is_per_layer(group):
            x, y = features(a, b, group, (layer, (layer + 1) % layers), rotation)
            observed, expected, variance = trace_moments(x @ y.transpose(0, 2, 1))
            if variance > 0:
                yield float((observed - expected) / math.sqrt(variance))


def align(a, b, leave_out=slice(0, 0)):
    """The rotation R for which A's embedding R is closest to B's, from the rows of the tokens that
    both have, but those of the slice."""
    tables = [units.checkpoint.load(units.family["embedding"], np.float64) for units in (a, b)]
    count = min(map(len, tables))
    left, right = (np.delete(table[:count], leave_out, axis=0) for table in tables)
    u, _, v = np.linalg.svd(left.T @ right)
    return u @ v


def test_unseen(a, b, rows):
    """The record of the embedding's rows that training never saw, after alignment by the others."""
    rotation = align(a, b, rows)
    x, y = (units.checkpoint.load(units.family["embedding"], units.dtype)[None, rows]
            for units in (a, b))
    place = {"kind": "group", "name": "unused", "layer": -1, "group": "unused"}
    return place | measure(rotated(normalized(x), rotation), normalized(y))


def run(left, right, arguments):
    """All lines of a comparison."""
    family = json.loads(arguments.map.read_text()) if arguments.map else family_of(left)
    dtype = np.float32 if arguments.float32 else np.float64
    a, b = (Units(checkpoint, family, dtype) for checkpoint in (left, right))
    layers = depth(left, family)
    if (layers, a.width) != (depth(right, family), b.width):
        raise ValueError("models of different depth or width are not compared")
    testable, skipped = find_groups(a, b, layers)
    yield from skipped
    stages = [(1, None)] + ([(2, align(a, b))] if arguments.align else [])
    for stage, rotation in stages:
        groups = list(direct(a, b, testable, rotation))
        controls = [] if arguments.no_controls else list(
            control(a, b, testable, layers, rotation))
        yield from ({"stage": stage} | line for line in groups)
        yield {"stage": stage} | judge(groups, controls, arguments.stages)
    if arguments.unseen:
        group = test_unseen(a, b, slice(*map(int, arguments.unseen.split(":"))))
        yield {"stage": 3} | group
        yield {"stage": 3} | judge([group], [], arguments.stages)


def parser():
    """The command line."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("a", type=pathlib.Path)
    found.add_argument("b", type=pathlib.Path)
    found.add_argument("--float32", action="store_true", help="features and cosines in float32")
    found.add_argument("--ranks", action="store_true", help="print every unit's rank")
    found.add_argument("--no-controls", action="store_true",
                       help="do not compare each layer with the next one")
    found.add_argument("--align", action="store_true",
                       help="also align the residual streams by the embeddings and test again")
    found.add_argument("--unseen", metavar="FIRST:END",
                       help="also test the embedding's rows of tokens that training never saw")
    found.add_argument("--stages", type=int, default=1, help="stages planned before looking")
    found.add_argument("--heads", type=int, help="heads, where no config.json says so")
    found.add_argument("--map", type=pathlib.Path,
                       help="JSON of names as in FAMILIES of checkpoints.py, for other models")
    return found


def main():
    """Prints one JSON object for each group and each verdict."""
    arguments = parser().parse_args()
    checkpoints = [Checkpoint(path, arguments.heads) for path in (arguments.a, arguments.b)]
    for line in run(*checkpoints, arguments):
        hidden = {"variance"} | (set() if arguments.ranks else {"ranks"})
        print(json.dumps({key: value for key, value in line.items() if key not in hidden}))


if __name__ == "__main__":
    main()
