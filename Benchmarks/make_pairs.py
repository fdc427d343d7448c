"""Writes pairs of random checkpoints with the shapes of GPT-2 models: B is A plus small noise."""
import argparse
import json
import pathlib
import struct

import numpy as np

PAIRS = {"distil-f32": (6, 768, "F32"), "large-bf16": (36, 1280, "BF16"), "large-f32": (36, 1280, "F32")}
WIDTHS = {"F32": 4, "BF16": 2}


def shapes(layers, width):
    """Names and shapes of a GPT-2 of so many layers and channels."""
    block = {
        "ln_1.weight": [width], "ln_1.bias": [width],
        "attn.c_attn.weight": [width, 3 * width], "attn.c_attn.bias": [3 * width],
        "attn.c_proj.weight": [width, width], "attn.c_proj.bias": [width],
        "ln_2.weight": [width], "ln_2.bias": [width],
        "mlp.c_fc.weight": [width, 4 * width], "mlp.c_fc.bias": [4 * width],
        "mlp.c_proj.weight": [4 * width, width], "mlp.c_proj.bias": [width],
    }
    model = {"transformer.wte.weight": [50257, width], "transformer.wpe.weight": [1024, width]}
    for layer in range(layers):
        model |= {f"transformer.h.{layer}.{name}": shape for name, shape in block.items()}
    return model | {"transformer.ln_f.weight": [width], "transformer.ln_f.bias": [width]}


def header(model, dtype):
    """The first bytes of a safetensors file."""
    entries, end = {}, 0
    for name, shape in model.items():
        start, end = end, end + int(np.prod(shape)) * WIDTHS[dtype]
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def encode(values, dtype):
    """The bytes of F32 values in a type; BF16 by cutting off the lower half."""
    if dtype == "F32":
        return values.tobytes()
    return (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()


def write(path, model, dtype, noise):
    """One checkpoint."""
    weights, noises = np.random.default_rng(0), np.random.default_rng(1)
    with open(path, "wb") as file:
        file.write(header(model, dtype))
        for shape in model.values():
            values = weights.standard_normal(shape, dtype=np.float32) * np.float32(0.05)
            if noise:
                values += noises.standard_normal(shape, dtype=np.float32) * np.float32(noise)
            file.write(encode(values, dtype))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, (layers, width, dtype) in PAIRS.items():
        for side, noise in (("a", 0), ("b", 0.003)):
            path = folder / f"{name}-{side}.safetensors"
            if not path.exists():
                write(path, shapes(layers, width), dtype, noise)


if __name__ == "__main__":
    main()
