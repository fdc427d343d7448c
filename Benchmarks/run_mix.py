"""Times `transect mix A B --alpha 0.3` against cp and mergekit's linear merge, and prints Markdown.

    python run_mix.py FOLDER --mergekit PYTHON

FOLDER takes two checkpoints of 1.5 GB in BF16 and two in F32, made in the first run, and what is written
from them: 12 GB in all. PYTHON is an interpreter that has mergekit; without it, its rows are left out.

Whole processes. Before each of them the inputs are read and what was written before is synced, so that
neither the disk's reading nor another program's writing is timed. In every round each program runs once;
medians over the rounds, and of the ratios within a round. `transect` and the synced `cp` have their
output on disk at their end, the others have not. With --results, rounds of several calls add up.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess

import make_pairs
from run import load, processor, run

MODELS = {"bf16": (36, 1280, "BF16", "bfloat16"), "f32": (24, 1024, "F32", "float32")}
SHARES = (0.7, 0.3)
HEADER = """\
| pair | program | wall, median | least | CPU, median | its time / transect's | peak RSS |
|---|---|--:|--:|--:|--:|--:|"""


def make(folder, pair):
    """The folders of two models, which are made if they are not there."""
    layers, width, dtype, _ = MODELS[pair]
    models = [folder / f"{pair}-{side}" for side in "ab"]
    for model, noise in zip(models, (0, 0.01)):
        if (model / "model.safetensors").exists():
            continue
        model.mkdir(parents=True, exist_ok=True)
        make_pairs.write(model / "model.safetensors", make_pairs.shapes(layers, width), dtype, noise)
        config = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_layer": layers,
                  "n_embd": width, "n_head": width // 64, "n_positions": 1024, "vocab_size": 50257,
                  "tie_word_embeddings": True}
        (model / "config.json").write_text(json.dumps(config))
    return models


def recipe(folder, pair, models):
    """A file with the same recipe for mergekit, which reads JSON as YAML."""
    path = folder / f"{pair}.yaml"
    parts = [{"model": str(model), "parameters": {"weight": share}} for model, share in zip(models, SHARES)]
    path.write_text(json.dumps({"merge_method": "linear", "models": parts, "dtype": MODELS[pair][3]}))
    return path


def programs(arguments, pair, models, out):
    """What is run, by name."""
    files = [str(model / "model.safetensors") for model in models]
    found = {
        "transect, synced": [arguments.tool, "mix", *map(str, models), "--alpha", str(SHARES[1]),
                             "-o", str(out / "mixed"), "--quiet"],
        "cp of one file": ["cp", files[0], str(out)],
        "cp of one file, synced": ["sh", "-c", 'cp "$1" "$2" && sync "$2"/*', "sh", files[0], str(out)],
        "cp of three files": ["sh", "-c", 'cp "$1" "$3/a" && cp "$2" "$3/b" && cp "$1" "$3/c"', "sh",
                              *files, str(out)],
    }
    if arguments.mergekit:
        found["mergekit"] = [
            arguments.mergekit, "-m", "mergekit.scripts.run_yaml", str(recipe(out.parent, pair, models)),
            str(out / "merged"), "--quiet", "--no-write-model-card", "--no-copy-tokenizer"]
    return found


def prepare(models, out):
    """An empty folder for the output, inputs in the page cache, and nothing left to be written.

    The first use of a page of a virtual machine's memory takes several times as long as another, so as
    many as three files need are filled and freed.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    os.sync()
    for model in models:
        with open(model / "model.safetensors", "rb") as file:
            while file.read(1 << 24):
                pass
    with open(out / "filler", "wb") as file:
        for _ in range(3 * (models[0] / "model.safetensors").stat().st_size >> 24):
            file.write(bytes(1 << 24))
    (out / "filler").unlink()


def measure(arguments, pair, results):
    """Adds rounds to the results of a pair."""
    models, out = make(arguments.folder, pair), arguments.folder / "out"
    for _ in range(arguments.rounds):
        for name, command in programs(arguments, pair, models, out).items():
            prepare(models, out)
            results.setdefault(name, []).append(run(command))
    shutil.rmtree(out)


def rows(pair, results):
    """Lines of the table, one for each program; the first is the one that others are compared with."""
    ours = next(iter(results.values()))
    for name, runs in results.items():
        walls, cpus, peaks = zip(*runs)
        ratio = statistics.median(a[0] / b[0] for a, b in zip(runs, ours))
        yield (f"| {pair} | {name} | {statistics.median(walls):.2f} s | {min(walls):.2f} s "
               f"| {statistics.median(cpus):.2f} s | {ratio:.2f} | {max(peaks):.0f} MB |")


def main():
    """Runs everything and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tool", default=".build/release/transect")
    parser.add_argument("--mergekit", metavar="PYTHON", help="an interpreter that has mergekit")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=pathlib.Path, help="a file that keeps rounds between calls")
    arguments = parser.parse_args()
    kept = arguments.results and arguments.results.exists()
    results = json.loads(arguments.results.read_text()) if kept else {pair: {} for pair in MODELS}
    start = load()
    for pair in MODELS:
        measure(arguments, pair, results[pair])
    if arguments.results:
        arguments.results.write_text(json.dumps(results))
    count = len(results["f32"]["transect, synced"])
    print(f"{datetime.date.today()}, {processor()}, {os.cpu_count()} CPUs, {count} rounds, "
          f"load {start} at start, {load()} at end\n\n{HEADER}")
    for pair in MODELS:
        print(*rows(pair, results[pair]), sep="\n")


if __name__ == "__main__":
    main()
