#!/usr/bin/env python3
"""Mixes checkpoints by known recipes, with torch and with mergekit, and asks `transect solve` for them.

Recipes are carried out in float32, float16 and bfloat16 as merging tools do, and in float32 with the
result stored narrower, or wider than it was computed. Mixtures must be found, with the coefficients of the
recipe within four of the standard errors given and (for what several roundings add) a fraction of a
spacing. What is no mixture (changes trimmed or dropped as TIES and DARE do, training, arcs) must not be
called one. Changes that are hardly more than rounding may be called undetermined, in either case.

    pip install -r requirements.txt
    python verify_solve.py TRANSECT [--mergekit PYTHON]

PYTHON is an interpreter that has mergekit; its recipes are carried out on the family of small models that
comes with the repository, or another (--models) with folders of the same names.

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

import mergekit_cases

HERE = pathlib.Path(__file__).parent
LAYERS, WIDTH, DELTA = 4, 64, 0.05
# Deltas in units of the root mean square of what rounding leaves.
SIZES = (1, 2, 4, 8, 16, 64, 256)
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
    wide = {k: v.float() for k, v in half.items()}
    yield "stored as F32", wide, "ab", None, 0, "MIXTURE", [0.7, 0.3]


def trim(delta, density):
    """The delta without its smallest elements, as TIES has it."""
    least = delta.abs().flatten().kthvalue(max(1, round((1 - density) * delta.numel())))[0]
    return torch.where(delta.abs() > least, delta, 0)


def drop(delta, rate):
    """The delta without elements drawn at random, the others larger, as DARE has it."""
    return delta * (torch.rand(delta.shape) > rate) / (1 - rate)


def make_near_family(dtype, size):
    """A base, and eight models that are so many times the rounding of its type away from it."""
    torch.manual_seed(size)
    # The squared spacing of normal numbers is on average that of 0.7 standard deviations.
    step = size * 0.1 * 0.7 * torch.finfo(dtype).eps / 12**0.5
    base = {name: (0.1 * torch.randn(shape)).to(dtype) for name, shape in shapes().items()}
    family = {key: {k: (v.float() + step * torch.randn(v.shape)).to(dtype) for k, v in base.items()}
              for key in "abcdefgh"}
    return {"base": base} | family


def near_mixtures(family):
    """(name, merged, inputs, base, coefficients) of mixtures that are computed in the models' type."""
    base, a, b = family["base"], family["a"], family["b"]
    each = lambda one: {name: one(name) for name in base}
    yield "0.7 a + 0.3 b", each(lambda k: 0.7 * a[k] + 0.3 * b[k]), "ab", None, [0.7, 0.3]
    yield "a.lerp(b, 0.3)", each(lambda k: a[k].lerp(b[k], 0.3)), "ab", None, [0.7, 0.3]
    yield "0.7 of a delta", each(lambda k: base[k] + 0.7 * (a[k] - base[k])), "a", "base", [0.7, 0.3]
    yield "twice a delta", each(lambda k: base[k] + 2 * (a[k] - base[k])), "a", "base", [2, -1]
    yield "3 a - 2 b", each(lambda k: 3 * a[k] - 2 * b[k]), "ab", None, [3, -2]
    eighths = each(lambda k: sum(family[key][k] / 8 for key in "abcdefgh"))
    yield "sum of eight eighths", eighths, "abcdefgh", None, [1 / 8] * 8


def near_others(family, dtype):
    """(name, merged, inputs, base) of what is no mixture."""
    base, a, b = family["base"], family["a"], family["b"]
    delta = {k: a[k].float() - base[k].float() for k in base}
    second = {k: b[k].float() - base[k].float() for k in base}
    size = (delta["wte.weight"] ** 2).mean().sqrt()
    each = lambda one: {name: one(name).to(dtype) for name in base}
    for density in (0.9, 0.5):
        yield f"trimmed to {density}", each(lambda k: base[k] + trim(delta[k], density)), "a", "base"
    two = each(lambda k: base[k] + 0.5 * trim(delta[k], 0.8) + 0.5 * trim(second[k], 0.8))
    yield "two, trimmed to 0.8", two, "ab", "base"
    for rate in (0.5, 0.1):
        yield f"dropped by {rate}", each(lambda k: base[k] + drop(delta[k], rate)), "a", "base"
    trained = each(lambda k: 0.7 * a[k].float() + 0.3 * b[k].float() + size * 0.5 * torch.randn(a[k].shape))
    yield "trained on", trained, "ab", None


def solve(tool, merged, inputs, base):
    """Exit code, the verdict's line and the row of all tensors."""
    command = [tool, "solve", merged, "--from", *inputs, "--json", "--by", "total"]
    run = subprocess.run(command + (["--base", base] if base else []), stdout=subprocess.PIPE, text=True)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    return run.returncode, rows[-1] if rows else {}, next((r for r in rows if r["kind"] == "row"), {})


def show(good, label, code, answer, row):
    """A line of the table of verdicts."""
    left = row["residual_rms"] / row["floor_rms"] if row.get("floor_rms") else float("nan")
    share = row["n_outliers"] / row["numel"] if row else float("nan")
    print(f"{'ok  ' if good else 'FAIL'} {label:44} {code} {answer.get('verdict', ''):30} "
          f"left {left:9.3g}  far {share:7.1e}  {answer.get('recipe', '')}", flush=True)
    return good


def are_near(answer, expected, spacing):
    """Whether coefficients are those of the recipe, as far as rounding lets them be known."""
    # Where a recipe rounds several times, roundings are not independent of each other.
    return len(answer.get("coefficients", [])) == len(expected) and all(
        abs(ours - theirs) <= 4 * error + max(abs(theirs), 1) * spacing
        for ours, error, theirs in zip(answer["coefficients"], answer["errors"], expected))


def check(tool, folder, name, case):
    """Whether the answer is the expected one; prints it."""
    recipe, merged, inputs, base, code, verdict, coefficients = case
    save_file({k: v.contiguous() for k, v in merged.items()}, folder / "merged.safetensors")
    path = lambda key: folder / f"{key}.safetensors"
    found, answer, row = solve(tool, path("merged"), map(path, inputs), base and path(base))
    good = found == code and answer.get("verdict", "").startswith(verdict)
    good = good and (coefficients is None or are_near(answer, coefficients, TOLERANCES[name]))
    return show(good, f"{name}, {recipe}", found, answer, row)


def check_near(tool, folder, name, size):
    """Checks recipes with models that are near each other."""
    family, good = make_near_family(TYPES[name], size), True
    path = lambda key: folder / f"{key}.safetensors"
    for key, model in family.items():
        save_file(model, path(key))
    labels = [(case, True) for case in near_mixtures(family)]
    labels += [((*case, None), False) for case in near_others(family, TYPES[name])]
    for (recipe, merged, inputs, base, coefficients), is_mixture in labels:
        save_file(merged, path("merged"))
        code, answer, row = solve(tool, path("merged"), map(path, inputs), base and path(base))
        if is_mixture:
            # Small changes are rounded together with what they change, not at random.
            spacing = max(TOLERANCES[name], 0.05 / size)
            right = code == 0 and are_near(answer, coefficients, spacing) or code == 3 and size <= 16
        else:
            # Of small deltas trimming may take hardly any, as the smallest are zero already.
            is_same = bool(row) and row["residual_rms"] < 0.01 * row["floor_rms"]
            right = code in (1, 3) or code == 0 and is_same
        good = show(right, f"{name}, {size} roundings: {recipe}", code, answer, row) and good
    return good


def check_mergekit(tool, folder, python, models):
    """Checks recipes that mergekit carries out."""
    paths = {key: models / key for key in ("base", "tuned", "tuned-negative", "scratch")}
    jobs = [(recipe, types) for types in mergekit_cases.TYPES for recipe in mergekit_cases.recipes()]
    listing = [[recipe.configuration(paths, *types), str(folder / str(number))]
               for number, (recipe, types) in enumerate(jobs)]
    run = subprocess.run([python, HERE / "merge_with_mergekit.py"], input=json.dumps(listing), text=True,
                         stdout=subprocess.PIPE, check=True)
    good = True
    for number, ((recipe, types), outcome) in enumerate(zip(jobs, run.stdout.splitlines(), strict=True)):
        label = f"mergekit {'>'.join(filter(None, types))}: {recipe.name}"
        if outcome != "ok":
            print(f"FAIL {label}: {outcome}")
            good = False
            continue
        inputs = [paths[key] for key in recipe.weights]
        code, answer, row = solve(tool, folder / str(number), inputs, recipe.base and paths[recipe.base])
        stored = types[1] or types[0]
        right = any(code == wanted and answer.get("verdict", "").startswith(verdict)
                    for wanted, verdict in recipe.answers_for(stored))
        spacing = TOLERANCES[{"float32": "F32", "float16": "F16", "bfloat16": "BF16"}[stored]]
        right = right and (recipe.coefficients is None or are_near(answer, recipe.coefficients, spacing))
        good = show(right, label, code, answer, row) and good
    return good


TOLERANCES = {"F32": 2.0**-22, "F16": 2.0**-12, "BF16": 2.0**-9}


def main():
    """Checks all recipes in all types."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", help="the built transect")
    parser.add_argument("--mergekit", metavar="PYTHON", help="an interpreter that has mergekit")
    parser.add_argument("--models", type=pathlib.Path, default=HERE.parent.parent / "notebooks-data/miniature",
                        help="folders base, tuned, tuned-negative and scratch")
    arguments = parser.parse_args()
    tool, good = arguments.tool, True
    for name, dtype in TYPES.items():
        with tempfile.TemporaryDirectory() as folder:
            folder, family = pathlib.Path(folder), make_family(dtype)
            for key, model in family.items():
                save_file(model, folder / f"{key}.safetensors")
            for case in cases(family, dtype):
                good = check(tool, folder, name, case) and good
            for size in SIZES if name != "F32" else ():
                good = check_near(tool, folder, name, size) and good
    if arguments.mergekit:
        with tempfile.TemporaryDirectory() as folder:
            good = check_mergekit(tool, pathlib.Path(folder), arguments.mergekit, arguments.models) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
