#!/usr/bin/env python3
"""Times classifiers against transformers: a model of RoBERTa-base's extents and random weights.

    pip install -r requirements.txt transformers
    swift build -c release --static-swift-stdlib --product classifier-probe
    python run_classify.py VOCABULARY TEXT.jsonl [--texts 400] [--rounds 3] [--probe PROBE]

VOCABULARY is a folder with RoBERTa's vocab.json and merges.txt; TEXT.jsonl has a member text a line.
Two threads each, in turns. Tokenizing counts on both sides, reading the model and imports do not. transformers
takes texts sorted by length in batches of 16 and 32, padded to the longest of each.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def make_model(vocabulary, folder):
    """Writes a model and its tokenizer."""
    import torch
    from transformers import RobertaConfig, RobertaForSequenceClassification

    torch.manual_seed(1)
    config = RobertaConfig(
        vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5, num_labels=3)
    RobertaForSequenceClassification(config).save_pretrained(folder)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(vocabulary / name, folder)


def ours(arguments, folder, texts, precision):
    """Seconds of tokenizing and computing."""
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    output = subprocess.run(
        [arguments.probe, folder, "--precision", precision], input=lines, check=True,
        stdout=subprocess.PIPE, text=True).stdout
    seconds = json.loads(output.split("\n", 1)[0])
    return seconds["encoding"] + seconds["computing"]


def theirs(folder, path, batch):
    """Seconds of tokenizing and computing, and tokens."""
    output = subprocess.run(
        [sys.executable, HERE / "peer_classify.py", folder, path, str(batch)], check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    seconds, _, tokens = output.split()
    return float(seconds), int(tokens)


def main():
    """Runs everything in turns and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vocabulary", type=pathlib.Path)
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--probe", default=str(HERE.parent / ".build/release/classifier-probe"))
    arguments = parser.parse_args()
    texts = [json.loads(line)["text"] for line in open(arguments.text, encoding="utf-8")][:arguments.texts]
    with tempfile.TemporaryDirectory() as folder:
        make_model(arguments.vocabulary, folder)
        path = pathlib.Path(folder) / "texts.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        rounds, load = [], os.getloadavg()[0]
        for _ in range(arguments.rounds):
            padded = [theirs(folder, path, batch) for batch in (16, 32)]
            rounds.append((ours(arguments, folder, texts, "f32"), ours(arguments, folder, texts, "bf16"),
                           *(seconds for seconds, _ in padded)))
            tokens = padded[0][1]
    medians = [statistics.median(column) for column in zip(*rounds)]
    print(f"{len(texts)} texts, {tokens} tokens, {arguments.rounds} rounds; load {load:.1f} at the start, "
          f"{os.getloadavg()[0]:.1f} at the end\n")
    print("| program | seconds | texts/s | tokens/s | its time / transect's |")
    print("|---|--:|--:|--:|--:|")
    names = ("transect, f32", "transect, bf16", "transformers, f32, batches of 16", "transformers, f32, batches of 32")
    for name, seconds in zip(names, medians):
        print(f"| {name} | {seconds:.2f} | {len(texts) / seconds:.0f} | {tokens / seconds:.0f} "
              f"| {seconds / medians[0]:.2f} |")


if __name__ == "__main__":
    main()
