"""Singular values of the differences between two checkpoints, as one would write them with torch
(binary32) or numpy (binary64). Prints the seconds they take, imports left out.

    OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2 python peer_spectrum.py torch|numpy A B [gram]

With `gram`, matrices over ten times as long as wide go by the eigenvalues of their Gram matrix.
"""
import sys
import time

import numpy as np
import torch
from safetensors import safe_open


def by_torch(a, b, gram):
    """All singular values in binary32."""
    d = a.float() - b.float()
    return torch.linalg.eigvalsh(d.T @ d) if gram else torch.linalg.svdvals(d)


def by_numpy(a, b, gram):
    """All singular values in binary64."""
    d = a.double().numpy() - b.double().numpy()
    return np.linalg.eigvalsh(d.T @ d) if gram else np.linalg.svd(d, compute_uv=False)


def main():
    """Takes all differences one after the other."""
    compute = {"torch": by_torch, "numpy": by_numpy}[sys.argv[1]]
    start = time.perf_counter()
    with safe_open(sys.argv[2], "pt") as left, safe_open(sys.argv[3], "pt") as right:
        for name in left.keys():
            a, b = left.get_tensor(name), right.get_tensor(name)
            if a.dim() == 2:
                compute(a, b, "gram" in sys.argv[4:] and a.shape[0] > 10 * a.shape[1])
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
