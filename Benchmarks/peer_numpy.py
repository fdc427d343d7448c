"""Norms of the differences between two checkpoints, as one would write them with numpy."""
import json
import sys

import numpy as np


def tensors(path):
    """Arrays of a safetensors file, mapped; BF16 widened."""
    data = np.memmap(path, dtype=np.uint8, mode="r")
    length = int(data[:8].view("<u8")[0])
    for name, entry in json.loads(bytes(data[8 : 8 + length])).items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        if entry["dtype"] == "BF16":
            bits = data[start:end].view("<u2").astype(np.uint32) << 16
            yield name, bits.view(np.float32)
        else:
            yield name, data[start:end].view("<f4")


for (name, a), (_, b) in zip(tensors(sys.argv[1]), tensors(sys.argv[2])):
    d = a - b
    norm, left, right = (np.sqrt(np.dot(x, x)) for x in (d, a, b))
    print(name, norm, np.dot(a, b), left, right, np.abs(d).max())
