#!/usr/bin/env python3
"""Compare what transect reads of a checkpoint with what the format's own library reads.

Every tensor's digest, as `transect inspect --digest` prints it, must be that of the elements which
the library gives: safetensors, torch, gguf (dequantized), onnx, h5py. Names may differ where
transect translates them (GGUF, Keras): then digests are compared as a multiset, GGUF's after the
layout that transformers has.

Example:
    python tools/verify-formats/verify_formats.py .build/release/transect model.onnx model.pt
    python tools/verify-formats/verify_formats.py .build/release/transect old.pt --same-as new.safetensors
"""

import argparse
import argparse as namespaces
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

TYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64",
    "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
}


def digest(dtype, shape, data):
    """The digest of docs/FORMATS: type, shape and little-endian row-major bytes."""
    head = f"transect tensor 1\0{TYPES[dtype]}\0{','.join(map(str, shape))}\0"
    return hashlib.sha256(head.encode() + data).hexdigest()


def of_array(value):
    return digest(str(value.dtype), value.shape, np.ascontiguousarray(value).tobytes())


def of_tensor(value):
    import torch

    value = value.detach().contiguous()
    data = value.reshape(-1).view(torch.uint8).numpy().tobytes()
    return digest(str(value.dtype).removeprefix("torch."), value.shape, data)


def torch_tensors(path):
    import torch

    torch.serialization.add_safe_globals([namespaces.Namespace])
    found = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model_state_dict", "model", "module", "params", "net", "weights"):
        if isinstance(found.get(key), dict):
            found = found[key]
            break
    return {name: of_tensor(value) for name, value in found.items() if isinstance(value, torch.Tensor)}


def safetensors_tensors(path):
    from safetensors.torch import load_file

    return {name: of_tensor(value) for name, value in load_file(path).items()}


def onnx_tensors(path):
    import onnx

    model = onnx.load(path)
    return {tensor.name: of_array(onnx.numpy_helper.to_array(tensor)) for tensor in model.graph.initializer}


def gguf_tensors(path):
    """Dequantized; queries and keys of Llama with the rows of each head in transformers' order."""
    import gguf

    reader = gguf.GGUFReader(path)
    field = lambda key: int(reader.fields[key].parts[-1][0])
    tensors = {}
    for tensor in reader.tensors:
        value = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1])
        if tensor.name.endswith(("attn_q.weight", "attn_k.weight")):
            key = "llama.attention.head_count" + ("_kv" if "attn_k" in tensor.name else "")
            heads, (rows, columns) = field(key), value.shape
            value = value.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
        tensors[tensor.name] = of_array(value)
    return tensors


READERS = {
    ".safetensors": safetensors_tensors, ".onnx": onnx_tensors, ".gguf": gguf_tensors,
    ".pt": torch_tensors, ".bin": torch_tensors,
}


def found_by(binary, path):
    output = subprocess.run([binary, "inspect", path, "--digest", "--json"], capture_output=True, check=True)
    rows = [json.loads(line) for line in output.stdout.splitlines()]
    return {row["tensor"]: row["digest"] for row in rows if row.get("kind") == "tensor"}


def compare(found, expected):
    """How many digests of each side the other has not; by name if the names are the same."""
    if found.keys() == expected.keys():
        return sum(found[name] != expected[name] for name in found)
    left, right = sorted(found.values()), sorted(expected.values())
    return 0 if left == right else len(set(left) ^ set(right)) or abs(len(left) - len(right))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--same-as", type=Path, help="read by its library instead of the file itself")
    options = parser.parse_args()
    failures = 0
    for path in options.files:
        reference = options.same_as or path
        found, expected = found_by(options.binary, path), READERS[reference.suffix](str(reference))
        differing = compare(found, expected)
        failures += differing
        print(f"{path.name}: {len(found)} tensors, {len(expected)} expected, {differing} differ")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
