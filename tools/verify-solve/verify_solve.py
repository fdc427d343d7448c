#!/usr/bin/env python3
"""Mixes random checkpoints with torch by known recipes, and asks `transect solve` for them.

Recipes are carried out in float32, float16 and bfloat16 as merging tools do, and in float32 with the
result stored narrower, or wider than it was computed. The coefficients found must be those of the
recipe within four of the standard errors given and (for what several roundings add) a fraction of a spacing, and the verdict
the expected one.

    pip install -r requirements.txt
    python verify_solve.py TRANSECT

Prints a line for each recipe; exits with 1 if one fails.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import save_file

LAYERS, WIDTH, DELTA = 4, 64, 0.05
TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def shapes():
    """A small GPT-2's tensors."""
    model = {"wte.weight": (300, WIDTH), "ln_f.weight": (WIDTH,)}
    for layer in range(LAYERS):
        model |= {f"h.{layer}.ln_1.weight": (WIDTH,), f"h.{layer}.ln_1.bias": (WIDTH,),
                  f"h.{layer}.attn.c_attn.weight": (WIDTH, 3 * WIDTH),
                  f"h.{layer}.mlp.c_fc.weight": (WIDTH, 4 * WIDTH)}
    return model


def make_family(dtype):
    """A base, three fine-tunes of it, and a model that has nothing to do with them."""
    torch.manual_seed(0)
    base = {name: 0.1 * torch.randn(shape) for name, shape in shapes().items()}
    family = {"base": base, "stranger": {k: 0.1 * torch.randn(v.shape) for k, v in base.items()}}
    for name in ("a", "b", "c"):
        family[name] = {k: v + DELTA * 0.1 * torch.randn(v.shape) for k, v in base.items()}
    return {key: {k: v.to(dtype) for k, v in model.items()} for key, model in family.items()}


def mix(family, recipe, dtype=None):
    """The sum of products, in a type; in that of the models if none is given."""
    def one(name):
        parts = [(c, family[key][name] if dtype is None else family[key][name].to(dtype))
                 for key, c in recipe.items()]
        return sum(c * part for c, part in parts)
    return {name: one(name) for name in family["base"]}


def add_deltas(family, recipe):
    """The base and multiples of differences from it, as task arithmetic is written."""
    return {name: base + sum(c * (family[key][name] - base) for key, c in recipe.items())
            for name, base in family["base"].items()}


def cases(family, dtype):
    """(name, merged, inputs, base, exit code, start of the verdict, coefficients or None)."""
    narrow = lambda model: {k: v.to(dtype) for k, v in model.items()}
    half = mix(family, {"a": 0.7, "b": 0.3})
    yield "0.7 a + 0.3 b", half, "ab", None, 0, "MIXTURE", [0.7, 0.3]
    exact = narrow(mix(family, {"a": 0.7, "b": 0.3}, torch.float64))
    yield "the same, rounded once", exact, "ab", None, 0, "MIXTURE", [0.7, 0.3]
    yield "a third each", mix(family, dict.fromkeys("abc", 1 / 3)), "abc", None, 0, "MIXTURE", [1 / 3] * 3
    yield "1.2 a - 0.2 b", mix(family, {"a": 1.2, "b": -0.2}), "ab", None, 0, "MIXTURE", [1.2, -0.2]
    yield "a itself", family["a"], "ab", None, 0, "MIXTURE", [1, 0]
    for name, c in (("applied twice", 2), ("not applied", 0), ("reversed", -1), ("applied once", 1)):
        yield f"delta {name}", add_deltas(family, {"a": c}), "a", "base", 0, "MIXTURE", [c, 1 - c]
    both = add_deltas(family, {"a": 0.4, "b": 0.6, "c": -0.5})
    yield "three deltas", both, "abc", "base", 0, "MIXTURE", [0.4, 0.6, -0.5, 0.5]
    foreign = dict(half) | {"h.1.mlp.c_fc.weight": family["stranger"]["h.1.mlp.c_fc.weight"]}
    yield "one foreign tensor", foreign, "ab", None, 1, "MIXTURE BUT", [0.7, 0.3]
    layered = {name: tensor for name, tensor in half.items()}
    for name in half:
        if name.startswith("h."):
            t = 0.2 * (1 + int(name.split(".")[1]))
            layered[name] = (t * family["a"][name].float() + (1 - t) * family["b"][name].float()).to(dtype)
    yield "by layer", layered, "ab", None, 0, "MIXTURE BY", None
    yield "a stranger", family["stranger"], "ab", None, 1, "NOT A MIXTURE", None
    tuned = {k: v + (0.01 * torch.randn(v.shape)).to(dtype) for k, v in half.items()}
    yield "trained on", tuned, "ab", None, 1, "NOT A MIXTURE", None
    yield "from a and a", half, "aa", None, 1, "NOT A MIXTURE", None
    yield "a from a and a", family["a"], "aa", None, 3, "COEFFICIENTS NOT", None
    wide = {k: v.float() for k, v in half.items()}
    yield "stored as F32", wide, "ab", None, 0, "MIXTURE", [0.7, 0.3]


def check(tool, folder, name, case):
    """Whether the answer is the expected one; prints it."""
    recipe, merged, inputs, base, code, verdict, coefficients = case
    save_file({k: v.contiguous() for k, v in merged.items()}, folder / "merged.safetensors")
    command = [tool, "solve", folder / "merged.safetensors", "--from",
               *(folder / f"{key}.safetensors" for key in inputs), "--json"]
    command += ["--base", folder / f"{base}.safetensors"] if base else []
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    answer = json.loads(run.stdout.splitlines()[-1]) if run.stdout else {}
    good = run.returncode == code and answer.get("verdict", "").startswith(verdict)
    worst = 0.0
    for ours, error, expected in zip(answer.get("coefficients", []), answer.get("errors", []),
                                     coefficients or []):
        # Where a recipe rounds several times, roundings are not independent of each other.
        allowed = 4 * error + max(abs(expected), 1) * TOLERANCES[name]
        worst = max(worst, abs(ours - expected))
        good = good and abs(ours - expected) <= allowed
    print(f"{'ok  ' if good else 'FAIL'} {name:5}{recipe:24}{run.returncode} "
          f"{answer.get('verdict', '')}: {answer.get('recipe', '')}, off by {worst:.1e}")
    return good


TOLERANCES = {"F32": 2.0**-22, "F16": 2.0**-12, "BF16": 2.0**-9}


def main():
    """Checks all recipes in all types."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", help="the built transect")
    tool, good = parser.parse_args().tool, True
    for name, dtype in TYPES.items():
        with tempfile.TemporaryDirectory() as folder:
            folder, family = pathlib.Path(folder), make_family(dtype)
            for key, model in family.items():
                save_file(model, folder / f"{key}.safetensors")
            for case in cases(family, dtype):
                good = check(tool, folder, name, case) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
