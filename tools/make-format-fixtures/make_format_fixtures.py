#!/usr/bin/env python3
"""Write small checkpoints in formats that other libraries write, and what is in them.

Each library writes its own format; expected.json has type, shape and SHA-256 of every tensor as it
should be read, little-endian and row-major. See the modules beside this one for each format.

Example:
    python tools/make-format-fixtures/make_format_fixtures.py --out Tests/Fixtures
"""

import argparse
import hashlib
import json
import platform
from pathlib import Path

import h5py
import numpy
import onnx
import peft
import torch
import transformers

import adapters
import blocks
import keras
import onnx_models


def described(value):
    """Type, shape and digest of a tensor of NumPy or PyTorch."""
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        data = value.contiguous().view(torch.uint8 if value.dim() else value.dtype).numpy().tobytes()
    else:
        dtype, data = str(value.dtype), value.tobytes()
    return {"dtype": dtype, "shape": list(value.shape), "sha256": hashlib.sha256(data).hexdigest()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder of all fixtures")
    out = parser.parse_args().out
    folder = (out / "formats").resolve()
    merged, differences = adapters.make(folder / "adapters")
    base = adapters.load_file(folder / "adapters" / "base" / "model.safetensors")
    groups = {
        "adapters": merged,
        "keras": keras.make(folder / "keras", base),
        "blocks": blocks.make(folder / "blocks"),
        "onnx": onnx_models.make(folder / "onnx"),
    }
    for kind, counts in differences.items():
        print(f"{kind}: of {counts['of']} elements PEFT rounds {counts['float64']} otherwise in "
              f"float64, {counts['float32']} in float32")
    expected = {
        f"{group}/{file}": {name: described(value) for name, value in content.items()}
        for group, files in groups.items() for file, content in files.items()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=0, sort_keys=True) + "\n")
    manifest = json.loads((out / "MANIFEST.json").read_text())
    manifest["formats"] = {
        "generator": "tools/make-format-fixtures/make_format_fixtures.py",
        "versions": {
            "python": platform.python_version(), "numpy": numpy.__version__, "torch": torch.__version__,
            "transformers": transformers.__version__, "peft": peft.__version__,
            "h5py": h5py.__version__, "onnx": onnx.__version__},
        "seed": [adapters.SEED, keras.SEED, blocks.SEED, onnx_models.SEED],
        "sha256": {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()},
    }
    (out / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
