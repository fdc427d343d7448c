"""What `transect check A B` looks at, for two safetensors files with torch: names, shapes, types, NaN and
infinite values, constant tensors, and how the differences from A lie (cosine, signs that disagree).

    python peer_check.py A B

No tool does the whole; the origin test has no peer and is left out here.
"""
import sys

import torch
from safetensors import safe_open


def main():
    """Goes through both files once."""
    torch.set_num_threads(2)
    first, second = (safe_open(path, "pt") for path in sys.argv[1:3])
    faults, dots, disagreeing = [], [0.0, 0.0, 0.0], 0
    for name in first.keys():
        a, b = first.get_tensor(name), second.get_tensor(name)
        if a.shape != b.shape or a.dtype != b.dtype:
            faults.append(name)
            continue
        for tensor in (a, b):
            if not torch.isfinite(tensor).all() or tensor.min() == tensor.max():
                faults.append(name)
        a, b = a.double().flatten(), b.double().flatten()
        dots = [total + (x @ y).item() for total, (x, y) in zip(dots, ((a, a), (a, b), (b, b)))]
        disagreeing += (torch.signbit(a) != torch.signbit(b)).sum().item()
    print(faults, dots[1] / (dots[0] * dots[2]) ** 0.5, disagreeing)


if __name__ == "__main__":
    main()
