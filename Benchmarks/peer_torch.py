"""Norms of the differences between two checkpoints, as one would write them with torch."""
import sys

import torch
from safetensors import safe_open

torch.set_num_threads(2)
with safe_open(sys.argv[1], framework="pt") as left, safe_open(sys.argv[2], framework="pt") as right:
    for name in left.keys():
        a, b = left.get_tensor(name).float(), right.get_tensor(name).float()
        d = a - b
        dot = torch.dot(a.flatten(), b.flatten())
        print(name, d.norm().item(), dot.item(), a.norm().item(), b.norm().item(), d.abs().max().item())
