#!/usr/bin/env python3
"""Checks `transect mix` bit for bit against numpy in float64, rounded once.

    pip install -r requirements.txt
    python verify_mix.py TRANSECT A B [C]

A, B and C are safetensors files of one architecture, or folders that hold such a file; C is the base of equations 3 and 4, by default A
again. For each formula, and each of the output types F32, BF16 and F16, every tensor of the result must
have the bits of the reference; NaN need only be NaN. Also in F16 and BF16 copies of the inputs, and by one
and by three threads. Exits with 0 if all is as it should be, else 1.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U8": 1, "I8": 1, "BOOL": 1}
FLOATS = ("F64", "F32", "F16", "BF16")


def read(path):
    """The tensors of a safetensors file: name to type, shape and bytes."""
    data = pathlib.Path(path).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, last = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = (entry["dtype"], entry["shape"], data[first:last])
    return tensors


def write(path, tensors):
    """Writes a safetensors file."""
    header, end = {}, 0
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(content)]}
        end += len(content)
    text = json.dumps(header).encode()
    body = b"".join(content for _, _, content in tensors.values())
    pathlib.Path(path).write_bytes(len(text).to_bytes(8, "little") + text + body)


def widen(dtype, content):
    """The values of elements in float64, which is exact."""
    if dtype == "BF16":
        bits = numpy.frombuffer(content, "<u2").astype("<u4") << 16
        return bits.view("<f4").astype("<f8")
    return numpy.frombuffer(content, {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[dtype]).astype("<f8")


def round_to_bfloat16(values):
    """Float64 to BF16 bits in one rounding: steps of the type are counted and rounded to even.

    The step is 2^-7 of the power of two below the value, and no less than that of the smallest numbers.
    """
    magnitude = numpy.abs(values)
    exponent = numpy.frexp(magnitude)[1] - 1
    step = numpy.ldexp(1.0, numpy.maximum(exponent, -126) - 7)
    rounded = numpy.where(numpy.isfinite(values), numpy.rint(values / step) * step, values)
    with numpy.errstate(over="ignore"):
        return (rounded.astype("<f4").view("<u4") >> 16).astype("<u2")


def narrow(dtype, values):
    """The bits of values rounded once, to the nearest even."""
    with numpy.errstate(over="ignore"):
        if dtype == "BF16":
            return round_to_bfloat16(values)
        kind = {"F64": ("<f8", "<u8"), "F32": ("<f4", "<u4"), "F16": ("<f2", "<u2")}[dtype]
        return values.astype(kind[0]).view(kind[1])


def combine(inputs, coefficients):
    """The sum in the order of the inputs; those with coefficient 0 take no part."""
    total = None
    for (dtype, _, content), coefficient in zip(inputs, coefficients):
        if coefficient == 0:
            continue
        product = coefficient * widen(dtype, content)
        total = product if total is None else total + product
    return total


def differing(dtype, found, wanted):
    """How many elements have other bits; NaN of any payload are alike."""
    content = numpy.frombuffer(found, wanted.dtype)
    both = numpy.isnan(widen(dtype, found)) & numpy.isnan(widen(dtype, wanted.tobytes()))
    return int(numpy.count_nonzero((content != wanted) & ~both))


class Case:
    """One call of the tool, and the coefficients that it must use."""

    def __init__(self, name, options, coefficients, uses_base):
        self.name, self.options, self.uses_base = name, options, uses_base
        self.coefficients = coefficients


def cases():
    """One case and more for each formula."""
    found = []
    for alpha in (0, 1, 0.3, 0.5, -0.7, 1.9, 1e-3):
        found.append(Case(f"alpha {alpha}", ["--alpha", str(alpha)], (1 - alpha, alpha), False))
    for beta in (0.4, -1.3):
        found.append(Case(f"beta {beta}", ["--beta", str(beta)], (1, -beta, beta), True))
    for plus, minus in ((0.6, 0.25), (-0.5, 1.2)):
        options = ["--plus", str(plus), "--minus", str(minus)]
        found.append(Case(f"plus {plus} minus {minus}", options, (1 - (plus + minus), minus, plus), True))
    found.append(Case("weights", ["--weight", "0.2", "--weight", "-1.5"], (0.2, -1.5), False))
    found.append(Case("slerp", ["--alpha", "0.3", "--slerp"], None, False))
    return found


def spherical(tensors, alpha):
    """The coefficients of spherical interpolation at alpha."""
    a, b = (widen(dtype, content) for dtype, _, content in tensors)
    with numpy.errstate(all="ignore"):
        cosine = a @ b / (numpy.linalg.norm(a) * numpy.linalg.norm(b))
    if not abs(cosine) <= 0.9995:
        return 1 - alpha, alpha
    angle = numpy.arccos(cosine)
    return numpy.sin((1 - alpha) * angle) / numpy.sin(angle), numpy.sin(alpha * angle) / numpy.sin(angle)


def reported(output):
    """The coefficients that the tool reports, by tensor."""
    rows = [json.loads(line) for line in output.splitlines()]
    return {
        row["tensor"]: [row[f"coefficient_{index}"] for index in range(2)]
        for row in rows
        if row["kind"] == "tensor"
    }


def canonical(name, known):
    """The name under which the tool reports a tensor: without some prefixes."""
    while name not in known:
        name = name.split(".", 1)[1]
    return name


def faults(case, paths, written, output, dtype):
    """What is wrong with one result."""
    inputs = [read(path) for path in (paths[2:] + paths[:2] if case.uses_base else paths[:2])]
    found, wrong = read(written), []
    reports = reported(output) if case.coefficients is None else {}
    for name, (kind, shape, content) in inputs[0].items():
        if not all(name in other for other in inputs) or kind not in FLOATS:
            continue
        tensors = [other[name] for other in inputs]
        coefficients = case.coefficients
        if coefficients is None:
            coefficients = reports[canonical(name, reports)]
            expected = spherical(tensors, 0.3)
            # Angles are taken from sums in another order; near 0 an arc cosine loses half the digits.
            if not numpy.allclose(coefficients, expected, rtol=1e-9, atol=0):
                wrong.append(f"{name}: coefficients {coefficients}, not {expected}")
        wanted = narrow(dtype or kind, combine(tensors, coefficients))
        if found[name][0] != (dtype or kind) or found[name][1] != shape:
            wrong.append(f"{name}: {found[name][:2]}")
        elif count := differing(dtype or kind, found[name][2], wanted):
            wrong.append(f"{name}: {count} of {wanted.size} elements differ")
    return wrong


def copies(paths, dtype, folder):
    """Copies of the inputs in another type."""
    made = []
    for index, path in enumerate(paths):
        tensors = {
            name: (dtype, shape, narrow(dtype, widen(kind, content)).tobytes()) if kind in FLOATS else (kind, shape, content)
            for name, (kind, shape, content) in read(path).items()
        }
        made.append(f"{folder}/{index}-{dtype}.safetensors")
        write(made[-1], tensors)
    return made


def check(transect, label, paths, folder):
    """Runs every case on some files; the number of faulty ones."""
    bad = count = 0
    for case in cases():
        for dtype in (None, "F32", "BF16", "F16"):
            results = []
            for threads in ("1", "3"):
                written = f"{folder}/{threads}.safetensors"
                options = case.options + (["--base", paths[2]] if case.uses_base else [])
                options += ["--dtype", dtype] if dtype else []
                run = subprocess.run(
                    [transect, "mix", *paths[:2], *options, "-o", written, "--force", "--json", "--threads", threads],
                    capture_output=True, text=True,
                )
                if run.returncode != 0:
                    sys.exit(f"{label}, {case.name}: {run.stderr}")
                results.append(pathlib.Path(written).read_bytes())
            wrong = faults(case, paths, written, run.stdout, dtype)
            if results[0] != results[1]:
                wrong.append("bytes depend on threads")
            count += 1
            bad += bool(wrong)
            for line in wrong[:3]:
                print(f"{label}, {case.name}, {dtype or 'own type'}: {line}")
    print(f"{label}: {count - bad} of {count} results as float64 has them")
    return bad


def weights(path):
    """The file that holds a checkpoint's tensors."""
    path = pathlib.Path(path)
    found = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    if len(found) != 1:
        sys.exit(f"{path}: {len(found)} safetensors files in it, where one is wanted")
    return str(found[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transect")
    parser.add_argument("checkpoints", nargs="+")
    arguments = parser.parse_args()
    files = [weights(path) for path in arguments.checkpoints]
    paths = (files * 2)[:3] if len(files) < 3 else files
    with tempfile.TemporaryDirectory() as folder:
        bad = check(arguments.transect, "as they are", paths, folder)
        for dtype in ("F16", "BF16"):
            bad += check(arguments.transect, f"{dtype} copies", copies(paths, dtype, folder), folder)
        mixed = [paths[0], copies(paths, "BF16", folder)[1], copies(paths, "F16", folder)[2]]
        bad += check(arguments.transect, "mixed types", mixed, folder)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
