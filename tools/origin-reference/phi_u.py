#!/usr/bin/env python3
"""The published test of shared initialization: how well the hidden units of two checkpoints' MLPs,
matched by their incoming weights, keep their order.

For each layer, units are matched by the assignment of greatest total cosine, and Spearman's rank
correlation of the matching with the identity gives p by Student's t; layers are combined by Fisher.
One JSON object a line, with ln p, no less than -ln n! for n units: Student's t is only nearly the
law of a permutation, and goes below what n! permutations can tell apart.

    pip install -r requirements.txt
    python phi_u.py A B

Source: arXiv 2502.12292, the statistic phi_U of the weights of the up projection (c_fc in GPT-2).
"""
import json
import math
import sys

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr, t

from checkpoints import Checkpoint, Units, depth, family_of
from origin_reference import fisher


def log_p(x, y):
    """ln p of one layer from the units [units, features] of both models."""
    x, y = (units / np.linalg.norm(units, axis=1, keepdims=True) for units in (x, y))
    matched = linear_sum_assignment(x @ y.T, maximize=True)[1]
    n = len(matched)
    r = spearmanr(matched, np.arange(n)).statistic
    least = -math.lgamma(n + 1)
    if r >= 1:
        return least
    return max(least, float(t.logsf(r * math.sqrt((n - 2) / (1 - r * r)), n - 2)))


def main():
    """Prints each layer and all of them combined."""
    checkpoints = [Checkpoint(path) for path in sys.argv[1:3]]
    family, logs = family_of(checkpoints[0]), []
    view = next(v for v in family["groups"]["mlp"]["views"] if "gate_proj" not in v["tensor"])
    for layer in range(depth(checkpoints[0], family)):
        logs.append(log_p(*(Units(c, family).rows(view, layer, fold=False) for c in checkpoints)))
        print(json.dumps({"kind": "layer", "layer": layer, "ln_p": logs[-1]}))
    print(json.dumps({"kind": "total", "ln_p": fisher(logs)}))


if __name__ == "__main__":
    main()
