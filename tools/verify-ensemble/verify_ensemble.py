#!/usr/bin/env python3
"""Checks ensembles of logits against transformers, computed in float64.

    pip install -r requirements.txt
    tools/verify-ensemble/verify_ensemble.py .build/release/transect [--models DIR]

Greedy texts of `transect generate --ensemble` are compared, token by token, with those of
`GPT2LMHeadModel.generate` and a logits processor that sums the members' logits, after the base's
top-p filter for dexperts; losses of `transect path --ensemble` with those of summed logits. DIR holds
the folders base, tuned-negative and tuned, those of this repository if not given. Exits with 0 if
every text is the same and no document's loss per token is off by more than 1e-4, else 1.
"""
import argparse
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from transformers import (AutoTokenizer, GPT2LMHeadModel, LogitsProcessor, LogitsProcessorList,
                          TopPLogitsWarper)

HERE = pathlib.Path(__file__).resolve().parent.parent.parent
PROMPTS = ["This movie is", "The actors", "", "I was very disappointed by", "A great film"]
TOP_P = 0.3
NEW = 24
TOLERANCE = 1e-4  # nats per token


class Ensemble(LogitsProcessor):
    """Replaces scores by the sum of models' logits, kept where `filtering`'s top-p keeps them."""

    def __init__(self, members, filtering=None):
        self.members, self.filtering = members, filtering

    def __call__(self, input_ids, scores):
        logits = [model(input_ids).logits[:, -1] for _, model in self.members]
        total = sum(c * z for (c, _), z in zip(self.members, logits))
        if self.filtering is None:
            return total
        kept = TopPLogitsWarper(TOP_P)(input_ids, self.filtering(input_ids).logits[:, -1].clone())
        return total.masked_fill(kept == -float("inf"), -float("inf"))


def run(arguments, *options):
    """Standard output of transect."""
    command = [str(arguments.transect), *map(str, options)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


def generated(arguments, folders, options):
    """Tokens that transect writes after each prompt."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps({"text": prompt}) + "\n" for prompt in PROMPTS)
        file.flush()
        lines = run(arguments, "generate", *folders, *options, "--prompts", file.name, "--field",
                    "text", "--greedy", "-n", 1, "--max-new", NEW, "--top-p", TOP_P,
                    "--json").splitlines()
    return [json.loads(line)["tokens"] for line in lines[1:]]


@torch.inference_mode()
def expected(models, tokenizer, members, filtering):
    """Tokens that transformers writes."""
    texts = []
    for prompt in PROMPTS:
        ids = torch.tensor([[tokenizer.eos_token_id] + tokenizer(prompt)["input_ids"]])
        out = models[0].generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW, do_sample=False,
            pad_token_id=tokenizer.eos_token_id, eos_token_id=tokenizer.eos_token_id,
            logits_processor=LogitsProcessorList([Ensemble(members, filtering)]))
        texts.append(out[0, ids.shape[1]:].tolist())
    return texts


def check_texts(arguments, models, tokenizer, folders):
    """Compares greedy texts; returns whether all are the same."""
    base, minus, plus = models
    cases = []
    for x in (-1.0, 0.5, 2.0):
        pair = [(1 - x, minus), (x, plus)]
        anchored = [(1.0, base), (-x, minus), (x, plus)]
        for kind in ("logits", "dexperts"):
            is_filtered = kind == "dexperts"
            cases.append((["--alpha", x, "--ensemble", kind], pair, minus if is_filtered else None))
            cases.append((["--base", folders[0], "--beta", x, "--ensemble", kind], anchored,
                          base if is_filtered else None))
    same = True
    for options, members, filtering in cases:
        found = generated(arguments, folders[1:], options)
        wanted = expected(models, tokenizer, members, filtering)
        agrees = found == wanted
        same &= agrees
        name = " ".join(str(o).rsplit("/", 1)[-1] for o in options)
        print(f"{name:44} {len(found)} texts, {sum(map(len, found))} tokens "
              f"{'agree' if agrees else 'DIFFER'}")
    return same


@torch.inference_mode()
def check_losses(arguments, models, tokenizer, folders):
    """Compares losses along an anchored line; returns whether they agree."""
    base, minus, plus = models
    texts = ["The film was a great success.", "A terrible, boring story.", "Nothing happens in it."]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(texts))
        file.flush()
        out = run(arguments, "path", *folders[1:], "--base", folders[0], "--line", "beta", "--alpha",
                  "-2,-0.5,0.3,1,3", "--ensemble", "dexperts", "--text", file.name, "--lines", "--csv")
    worst = 0.0
    for row in csv.DictReader(io.StringIO(out)):
        x, nats, count = float(row["beta"]), 0.0, 0
        for text in texts:
            ids = torch.tensor([[tokenizer.eos_token_id] + tokenizer(text)["input_ids"]])
            z = [model(ids).logits[0, :-1] for model in (base, minus, plus)]
            logs = (z[0] + x * (z[2] - z[1])).log_softmax(-1)
            nats -= logs.gather(1, ids[0, 1:, None]).sum().item()
            count += ids.shape[1] - 1
        worst = max(worst, abs(nats / count - float(row["nll"])))
    print(f"losses: largest difference {worst:.1e} nats per token")
    return worst <= TOLERANCE


def main():
    """Checks everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transect", type=pathlib.Path)
    parser.add_argument("--models", type=pathlib.Path, default=HERE / "notebooks-data/miniature")
    arguments = parser.parse_args()
    folders = [arguments.models / name for name in ("base", "tuned-negative", "tuned")]
    models = [GPT2LMHeadModel.from_pretrained(folder).double().eval() for folder in folders]
    tokenizer = AutoTokenizer.from_pretrained(folders[0])
    checks = [check(arguments, models, tokenizer, folders) for check in (check_texts, check_losses)]
    return 0 if all(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
