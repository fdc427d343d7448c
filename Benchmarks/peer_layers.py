"""How fast torch multiplies matrices of the shapes of Benchmarks/layer_loops.c, in GFLOP/s.

    peer_layers.py [threads]
"""
import sys
import time

import torch

SHAPES = [
    (2048, 768, 768), (2048, 2304, 768), (2048, 3072, 768), (2048, 768, 3072), (512, 768, 768),
    (512, 2304, 768), (512, 3072, 768), (512, 768, 3072), (512, 50257, 768), (64, 3072, 768),
    (11, 3072, 768), (4, 3072, 768), (1, 3072, 768), (1, 768, 3072), (1, 50257, 768),
]


def rate(positions, outputs, inputs, dtype):
    """The best rate of seven rounds."""
    x = torch.randn(positions, inputs).to(dtype)
    weight = torch.randn(outputs, inputs).to(dtype)
    operations = 2 * positions * outputs * inputs
    repeats = 1 if operations > 1e9 else 20 if operations > 2e7 else 200
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(repeats):
            torch.nn.functional.linear(x, weight)
        best = min(best, (time.perf_counter() - start) / repeats)
    return operations / best / 1e9


def main():
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print("positions x outputs x inputs, GFLOP/s: f32 | bf16")
    with torch.inference_mode():
        for shape in SHAPES:
            rates = [rate(*shape, dtype) for dtype in (torch.float32, torch.bfloat16)]
            print("%5d x %5d x %4d | %6.1f | %6.1f |" % (*shape, *rates), flush=True)


if __name__ == "__main__":
    main()
