#!/usr/bin/env python3
"""Compares `transect score` with transformers, and with distinct-n as DExperts' evaluation counts it.

    pip install -r requirements.txt
    python verify_score.py --transect .build/release/transect [--scorer DIR] [--sentiment DIR] [--grammar DIR]

Lets a miniature model write after some prompts, adds texts that are awkward, and computes every
number anew: perplexities by transformers in float64, words and n-grams by Python's own strings,
standard errors by the delta method. Exits with 1 if a number is off. Also says how far perplexity
moves if prompt and text are encoded together, as DExperts does it.
"""
import argparse
import functools
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from transformers import (AutoModelForSequenceClassification, AutoTokenizer, GPT2LMHeadModel)

HERE = pathlib.Path(__file__).resolve().parent.parent.parent
MINIATURE = HERE / "notebooks-data" / "miniature"
PROMPTS = ["This movie is", "The actors", "I was", "", "It is about\n"]
AWKWARD = ["", " ", "  two  blanks ", "no no no no no no", "a b c a b c a b c", "caf\u00e9 \u2003 cafe\u0301",
           "tab\tand\u00a0no-break", "one", " long " * 400]


def run(*command):
    """What a command prints, as JSON lines, without the header."""
    lines = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.splitlines()
    return [json.loads(line) for line in lines][1:]


def texts(arguments, folder):
    """Generated texts and awkward ones, as a file and as rows."""
    prompts = folder / "prompts.jsonl"
    prompts.write_text("".join(json.dumps({"text": prompt}) + "\n" for prompt in PROMPTS))
    rows = run(arguments.transect, "generate", MINIATURE / "tuned", "--prompts", prompts, "--json",
               "-n", "6", "--max-new", "25", "--seed", "3")
    rows += [{"kind": "sample", "point": 0, "prompt": PROMPTS[i % 3], "prompt_id": i % 3,
              "text": text}
             for i, text in enumerate(AWKWARD)]
    path = folder / "texts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path, rows


@torch.inference_mode()
def losses(model, prefix, ids, stride):
    """The summed loss of ids after a prefix, and how many count, by transformers' strided loop."""
    everything, context = prefix + ids, model.config.n_positions
    total, count, done = 0.0, 0, 0
    for start in range(0, len(everything), stride):
        end = min(start + context, len(everything))
        window = torch.tensor([everything[start:end]])
        first = max(done - start, len(prefix) - start, 1)
        if end - start > first:
            logits = model(window).logits[0].log_softmax(-1)
            for place in range(first, end - start):
                total -= logits[place - 1, window[0, place]].item()
                count += 1
        done = end
        if end == len(everything):
            break
    return total, count


def distinct(groups, split):
    """distinct-1, -2 and -3 of some lists of texts, averaged over the lists."""
    shares = []
    for group in groups:
        words = [split(text) for text in group]
        total = sum(map(len, words))
        if total:
            shares.append([len({tuple(one[i:i + n]) for one in words
                                for i in range(len(one) - n + 1)}) / total for n in (1, 2, 3)])
    return np.array(shares)


def repetition(words):
    """The share of 4-grams seen before, and whether the end is a loop."""
    ngrams = [tuple(words[i:i + 4]) for i in range(len(words) - 3)]
    share = 1 - len(set(ngrams)) / len(ngrams) if ngrams else math.nan
    loop = any(words[-p:] == words[-2 * p:-p] == words[-3 * p:-2 * p]
               for p in range(2, len(words) // 3 + 1))
    return share, float(loop)


def mean(values, clusters):
    """The mean of numbers, and its standard error over clusters by the delta method."""
    kept = [(value, cluster) for value, cluster in zip(values, clusters) if not math.isnan(value)]
    names = sorted({cluster for _, cluster in kept})
    sums = np.array([sum(v for v, c in kept if c == name) for name in names])
    counts = np.array([sum(c == name for _, c in kept) for name in names])
    return ratio(sums, counts)


def ratio(sums, counts):
    """Σ x / Σ t, and its standard error."""
    value, n = sums.sum() / counts.sum(), len(sums)
    residuals = sums - value * counts
    error = math.sqrt(n / (n - 1) * (residuals ** 2).sum()) / counts.sum()
    return value, error


class Check:
    """Counts what is off."""

    def __init__(self):
        self.worst, self.faults = {}, 0

    def near(self, name, found, wanted, tolerance):
        """Compares one number."""
        found = math.nan if found is None else found
        off = abs(found - wanted) / max(abs(wanted), 1) if found == found or wanted == wanted else 0
        if not off <= tolerance:
            self.faults += 1
            print(f"DIFFERS {name}: {found}, expected {wanted}")
        self.worst[name] = max(self.worst.get(name, 0), off)


def check_rule(arguments, check, path, rows, rule):
    """Numbers that need no model."""
    def split(text):
        # A text of nothing but white space has no words by either rule.
        return text.split(" ") if rule == "blanks" and text.split() else text.split()

    found = run(arguments.transect, "score", path, "--json", "--word-rule", rule)[0]
    ids = sorted({row["prompt_id"] for row in rows})
    groups = [[row["text"] for row in rows if row["prompt_id"] == i] for i in ids]
    by_prompt = distinct(groups, split)
    of_set = distinct([[row["text"] for row in rows]], split)[0]
    for n in (1, 2, 3):
        column = by_prompt[:, n - 1]
        check.near("distinct", found[f"distinct_{n}"], column.mean(), 1e-12)
        check.near("distinct error", found[f"distinct_{n}_error"],
                   column.std(ddof=1) / math.sqrt(len(column)), 1e-12)
        check.near("distinct of set", found[f"distinct_{n}_of_set"], of_set[n - 1], 1e-12)
    clusters = [row["prompt_id"] for row in rows]
    figures = [repetition(split(row["text"])) for row in rows]
    wanted = {
        "repetition_4": mean([share for share, _ in figures], clusters),
        "ends_in_loop": mean([loop if row["text"].split() else math.nan
                              for (_, loop), row in zip(figures, rows)], clusters),
        "words_per_text": mean([len(split(row["text"])) or math.nan for row in rows], clusters)}
    for name, (value, error) in wanted.items():
        check.near(name, found[name], value, 1e-12)
        check.near(name + " error", found[name + "_error"], error, 1e-12)


def check_perplexity(arguments, check, path, rows, model, tokenizer, conditional, bos, stride):
    """Perplexities of texts and of the set."""
    options = ([] if conditional else ["--no-conditional"]) + ([] if bos else ["--no-scorer-bos"])
    options += ["--scorer-stride", stride] if stride else []
    command = [arguments.transect, "score", path, "--json", "--scorer", arguments.scorer, *options]
    by_text, of_set = run(*command, "--per-text"), run(*command)[0]
    sums, counts, together = [], [], []
    for row, found in zip(rows, by_text):
        prompt = tokenizer(row["prompt"])["input_ids"] if conditional else []
        start = [tokenizer.eos_token_id] if bos or (conditional and not prompt) else []
        ids = tokenizer(row["text"])["input_ids"]
        stride_used = stride or model.config.n_positions
        total, count = 0.0, 0
        if row["text"].split():
            total, count = losses(model, start + prompt, ids, stride_used)
        check.near("tokens", found["n_scored"], count, 0)
        check.near("nll of a text", found["nll_sum"],
                   total if row["text"].split() else math.nan, 1e-4)
        check.near("perplexity of a text", found["perplexity"],
                   math.exp(total / count) if count else math.nan, 1e-3)
        sums.append(total)
        counts.append(count)
        if conditional and count:
            joined = tokenizer(row["prompt"] + row["text"])["input_ids"]
            whole, _ = losses(model, start, joined, stride_used)
            head, _ = losses(model, start, prompt, stride_used)
            if len(joined) > len(prompt):
                together.append(math.exp((whole - head) / (len(joined) - len(prompt))))
    clusters = [row["prompt_id"] for row in rows]
    each = [math.exp(s / c) if c else math.nan for s, c in zip(sums, counts)]
    for name, values in (("text_perplexity", each), ("text_perplexity_below_1e4",
                         [value if value < 1e4 else math.nan for value in each])):
        value, error = mean(values, clusters)
        check.near(name, of_set[name], value, 1e-4)
        check.near(name + " error", of_set[name + "_error"], error, 1e-3)
    names = sorted({c for c, count in zip(clusters, counts) if count})
    totals = [np.array([sum(x for x, c in zip(list_, clusters) if c == name) for name in names])
              for list_ in (sums, counts)]
    value, error = ratio(*totals)
    check.near("nll", of_set["nll"], value, 1e-6)
    check.near("nll error", of_set["nll_error"], error, 1e-5)
    check.near("corpus_perplexity", of_set["corpus_perplexity"], math.exp(value), 1e-5)
    check.near("corpus_perplexity error", of_set["corpus_perplexity_error"],
               math.exp(value) * error, 1e-4)
    if together:
        print(f"conditional, bos {bos}, stride {stride}: text perplexity "
              f"{of_set['text_perplexity']:.4f}, {np.mean(together):.4f} if prompt and text are "
              "encoded together")


@functools.cache
def classifier(folder):
    """A model in float64, and its tokenizer."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).double().eval()
    return model, AutoTokenizer.from_pretrained(folder)


@torch.inference_mode()
def probabilities(folder, text):
    """Probabilities of a text's classes, in the order of their numbers."""
    model, tokenizer = classifier(folder)
    before_first = 2 if model.config.model_type == "roberta" else 0
    context = model.config.max_position_embeddings - before_first
    logits = model(**tokenizer(text, return_tensors="pt", truncation=True, max_length=context)).logits[0]
    return logits.softmax(-1).tolist()


def check_classes(arguments, check, path, rows, folder, option, member, value):
    """A classifier's score, of prompt and text and of text alone."""
    for flags, seen in (([], lambda row: row["prompt"] + row["text"]),
                        (["--no-with-prompt"], lambda row: row["text"])):
        found = run(arguments.transect, "score", path, "--json", "--per-text", option, folder, *flags)
        for row, line in zip(rows, found):
            text = seen(row)
            wanted = value(probabilities(folder, text)) if row["text"].split() else math.nan
            check.near(f"{member} {' '.join(flags)}", line[member], wanted, 1e-5)


def main():
    """Compares everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transect", required=True)
    parser.add_argument("--scorer", default=MINIATURE / "base")
    parser.add_argument("--sentiment", help="whose last class is positive, of three neutral amid")
    parser.add_argument("--grammar", help="whose last of two classes is acceptable")
    arguments = parser.parse_args()
    check = Check()
    model = GPT2LMHeadModel.from_pretrained(arguments.scorer).double().eval()
    tokenizer = AutoTokenizer.from_pretrained(arguments.scorer)
    with tempfile.TemporaryDirectory() as folder:
        path, rows = texts(arguments, pathlib.Path(folder))
        for rule in ("whitespace", "blanks"):
            check_rule(arguments, check, path, rows, rule)
        for conditional in (True, False):
            for bos in (True, False):
                for stride in (None, 50):
                    check_perplexity(arguments, check, path, rows, model, tokenizer, conditional,
                                     bos, stride)
        if arguments.sentiment:
            check_classes(arguments, check, path, rows, arguments.sentiment, "--sentiment",
                          "positive_score",
                          lambda p: p[-1] + (p[1] / 2 if len(p) == 3 else 0))
        if arguments.grammar:
            check_classes(arguments, check, path, rows, arguments.grammar, "--grammar", "grammar",
                          lambda p: p[-1])
    for name, worst in check.worst.items():
        print(f"{name:32} largest difference {worst:.1e}")
    print("all agree" if not check.faults else f"{check.faults} numbers differ")
    return 1 if check.faults else 0


if __name__ == "__main__":
    sys.exit(main())
