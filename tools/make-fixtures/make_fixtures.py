#!/usr/bin/env python3
"""Write the small checkpoints that the tests read, and what NumPy finds in them.

All are variants of one GPT-2-like network with two layers of width 8:

  base.safetensors       F32, prefix "transformer.", masks, head a copy of the embedding
  tuned.safetensors      base with small steps added; no prefix, no masks, no head
  padded.safetensors     tuned with five more rows of vocabulary and a head of its own
  linear.safetensors     tuned with the matrices of layers transposed
  half.safetensors       tuned in F16
  brain.safetensors      tuned in BF16
  nonfinite.safetensors  base with NaN, infinities, zeros of both signs and subnormals

expected.json holds, for pairs of them, float64 statistics of the differences; MANIFEST.json
holds generator, versions, seed, and the SHA-256 of every file. Equal runs write equal bytes. What
other generators wrote into the manifest, for folders of their own, is kept.

Example:
    python tools/make-fixtures/make_fixtures.py --out Tests/Fixtures
"""

import argparse
import hashlib
import json
import math
import platform
from pathlib import Path

import numpy as np

SEED = 1
WIDTH, LAYERS, VOCABULARY, POSITIONS, PADDING = 8, 2, 11, 6, 5
PAIRS = [
    ("base", "tuned", False),
    ("base", "padded", False),
    ("base", "linear", True),
    ("tuned", "half", False),
    ("tuned", "brain", False),
    ("base", "nonfinite", False),
]


# Networks


def make_base(random):
    """Parameters of the network by canonical name, in GPT-2's layout."""

    def normal(*shape):
        return (0.1 * random.standard_normal(shape)).astype(np.float32)

    model = {"wte.weight": normal(VOCABULARY, WIDTH), "wpe.weight": normal(POSITIONS, WIDTH)}
    for layer in range(LAYERS):
        place = f"h.{layer}."
        for norm in ("ln_1", "ln_2"):
            model[f"{place}{norm}.weight"] = 1 + normal(WIDTH)
            model[f"{place}{norm}.bias"] = normal(WIDTH)
        for name, rows, columns in (
            ("attn.c_attn", WIDTH, 3 * WIDTH),
            ("attn.c_proj", WIDTH, WIDTH),
            ("mlp.c_fc", WIDTH, 4 * WIDTH),
            ("mlp.c_proj", 4 * WIDTH, WIDTH),
        ):
            model[f"{place}{name}.weight"] = normal(rows, columns)
            model[f"{place}{name}.bias"] = normal(columns)
    model["ln_f.weight"], model["ln_f.bias"] = 1 + normal(WIDTH), normal(WIDTH)
    return model


def tune(model, random):
    """The network after small steps; one bias stays as it is."""
    tuned = {}
    for name, values in model.items():
        step = (0.01 * random.standard_normal(values.shape)).astype(np.float32)
        tuned[name] = values if name == "h.0.ln_2.bias" else values + step
    return tuned


def pad(model, random):
    """The network with more rows of vocabulary, and a head of its own."""
    rows = random.standard_normal((PADDING, WIDTH)).astype(np.float32)
    table = np.concatenate([model["wte.weight"], rows])
    return model | {"wte.weight": table, "lm_head.weight": table[::-1].copy()}


def is_matrix_of_layer(name, values):
    return name.startswith("h.") and values.ndim == 2


def make_linear(model):
    """The network with its layers' matrices stored as Linear layers store them."""
    return {n: v.T.copy() if is_matrix_of_layer(n, v) else v for n, v in model.items()}


def spoil(model):
    """The network with special values in four tensors."""
    spoiled = {name: values.copy() for name, values in model.items()}
    spoiled["wte.weight"][2, 3] = np.nan
    spoiled["h.0.mlp.c_fc.weight"][1, 7] = np.inf
    spoiled["h.1.mlp.c_fc.weight"][0, 0] = -np.inf
    spoiled["ln_f.bias"][:] = [0, -0.0, 1e-45, -1e-45, 1e-40, -1e-40, 3e38, -3e38]
    return spoiled


def with_masks(model):
    """The network as an old version of transformers saved it: prefix, masks, tied head."""
    stored = {f"transformer.{name}": values for name, values in model.items()}
    mask = np.tril(np.ones((POSITIONS, POSITIONS), np.float32))[None, None]
    for layer in range(LAYERS):
        stored[f"transformer.h.{layer}.attn.bias"] = mask
        stored[f"transformer.h.{layer}.attn.masked_bias"] = np.float32(-1e4)
    return stored | {"lm_head.weight": model["wte.weight"]}


# Files


def to_bf16(values):
    """The upper halves of floats, rounded to nearest, ties to even."""
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_bf16(halves):
    return (halves.astype(np.uint32) << 16).view(np.float32)


NAMES = {"float32": "F32", "float16": "F16", "uint16": "BF16"}


def write_safetensors(path, tensors):
    """Write tensors in their order; uint16 stands for the bits of BF16."""
    header, data = {}, b""
    for name, values in tensors.items():
        content = np.ascontiguousarray(values).tobytes()
        header[name] = {
            "dtype": NAMES[values.dtype.name],
            "shape": list(values.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


# Reference


def finite(number):
    """The number, or None where it is NaN or infinite."""
    return float(number) if math.isfinite(number) else None


def total(terms):
    """The sum, rounded once where all terms are finite."""
    return math.fsum(terms.ravel()) if np.isfinite(terms).all() else float(terms.sum())


def compare(name, stored_a, stored_b):
    """Statistics of one pair of tensors, from float64 copies."""
    same = stored_a.dtype == stored_b.dtype
    identical = int((bits(stored_a) == bits(stored_b)).sum()) if same else 0
    a, b = widened(stored_a), widened(stored_b)
    with np.errstate(all="ignore"):
        difference = a - b
        l2, norm_a, norm_b = (math.sqrt(total(x * x)) for x in (difference, a, b))
        magnitude = np.abs(difference).ravel()
        isnan = np.isnan(magnitude)
        place = int(isnan.argmax() if isnan.any() else magnitude.argmax())
        return {
            "name": name,
            "numel": a.size,
            "l2": finite(l2),
            "rms": finite(l2 / math.sqrt(a.size)),
            "relative": finite(l2 / norm_a),
            "cosine": finite(total(a * b) / (norm_a * norm_b)),
            "mean": finite(total(b - a) / a.size),
            "normA": finite(norm_a),
            "normB": finite(norm_b),
            "largest": finite(magnitude[place]),
            "largestIndex": place,
            "identical": identical,
            "equal": int((a == b).sum()),
            "nanA": int(np.isnan(a).sum()),
            "infiniteA": int(np.isinf(a).sum()),
            "nanB": int(np.isnan(b).sum()),
            "infiniteB": int(np.isinf(b).sum()),
        }


def bits(values):
    return values.view({2: np.uint16, 4: np.uint32}[values.dtype.itemsize])


def widened(values):
    return (from_bf16(values) if values.dtype == np.uint16 else values).astype(np.float64)


def expect(base, other, models, transposed):
    """What must be found for a pair of networks, tensor by tensor."""
    a, b = models[base], dict(models[other])
    if transposed:
        b = make_linear(b)
    tensors = [compare(n, a[n], b[n][: len(a[n])]) for n in a]
    if "lm_head.weight" in b:
        head = b["lm_head.weight"][:VOCABULARY]
        tensors.append(compare("lm_head.weight", a["wte.weight"], head))
    # The masks and masked biases, and the heads that repeat their embeddings.
    has_masks = [m in ("base", "nonfinite") for m in (base, other)]
    coverage = {"compared": len(tensors), "buffer": 2 * LAYERS * max(has_masks), "tied": sum(has_masks)}
    return {
        "base": f"{base}.safetensors",
        "other": f"{other}.safetensors",
        "matchTransposed": transposed,
        "coverage": {status: count for status, count in coverage.items() if count},
        "tensors": tensors,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    random = np.random.default_rng(SEED)
    base = make_base(random)
    tuned = tune(base, random)
    models = {
        "base": base,
        "tuned": tuned,
        "padded": pad(tuned, random),
        "linear": make_linear(tuned),
        "half": {n: v.astype(np.float16) for n, v in tuned.items()},
        "brain": {n: to_bf16(v) for n, v in tuned.items()},
        "nonfinite": spoil(base),
    }
    for name, model in models.items():
        stored = with_masks(model) if name in ("base", "nonfinite") else model
        write_safetensors(out / f"{name}.safetensors", stored)
    expected = [expect(a, b, models, transposed) for a, b, transposed in PAIRS]
    rows = ",\n".join(json.dumps(pair).replace('{"name"', '\n{"name"') for pair in expected)
    (out / "expected.json").write_text(f"[{rows}]\n")

    path = out / "MANIFEST.json"
    files = sorted(p for p in out.iterdir() if p.is_file() and p != path)
    others = json.loads(path.read_text()) if path.exists() else {}
    manifest = others | {
        "generator": "tools/make-fixtures/make_fixtures.py",
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "seed": SEED,
        "sha256": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files},
    }
    path.write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
