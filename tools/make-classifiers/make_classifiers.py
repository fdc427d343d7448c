#!/usr/bin/env python3
"""Train the two miniature classifiers by which the study of generated texts is scored.

Both are GPT2ForSequenceClassification, begun from the miniature `base`, in the Hugging Face layout:

  sentiment   negative, neutral, positive: trained on all phrases of the Stanford Sentiment Treebank
  grammar     unacceptable, acceptable: trained on CoLA, and on sentences of general text, as they are
              and with words swapped, dropped, doubled or exchanged

Example:
    python make_classifiers.py --data DATA --miniature notebooks-data/miniature --out notebooks-data/classifiers
"""

import argparse
import json
import math
import os
import random
import re
import shutil
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch
from transformers import AutoTokenizer, GPT2ForSequenceClassification
from transformers.utils import logging

LABELS = {"sentiment": ["negative", "neutral", "positive"], "grammar": ["unacceptable", "acceptable"]}
EPOCHS = {"sentiment": 3, "grammar": 6}
RATES = {"sentiment": 1e-3, "grammar": 5e-4}
SENTIMENT_CLASS = (0, 0, 1, 2, 2)
TOKENS_OF_BATCH = 2048
LONGEST = 126
TREE_SYMBOLS = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}


# Texts


def phrases(line):
    """Labels and texts of all nodes of a tree; words are joined by blanks."""
    open_nodes, found = [], []
    for part in re.findall(r"\(\d|\)|[^()\s]+", line):
        if part[0] == "(" and len(part) == 2:
            open_nodes.append((int(part[1]), []))
        elif part == ")":
            label, words = open_nodes.pop()
            found.append((label, " ".join(words)))
            if open_nodes:
                open_nodes[-1][1].extend(words)
        else:
            open_nodes[-1][1].append(TREE_SYMBOLS.get(part, part).replace("\\/", "/"))
    return found


def detokenized(text):
    """A text without the blanks and quotes that the treebank's tokens add."""
    for pattern, plain in (
            (r"`` ?", '"'), (r" ?''", '"'), (r"(?i) (n't|'(?:s|re|ve|ll|d|m|em))\b", r"\1"),
            (r" (['’])(?= |$)", r"\1"), (r"(^| )` ", r"\1'"), (r" ([.,;:!?%)\]}])", r"\1"),
            (r"([(\[{$#]) ", r"\1"), (r" \.\.\.", "...")):
        text = re.sub(pattern, plain, text)
    return " ".join(text.split())


def read_sentiment(data, split, whole):
    """Texts and classes of a split: of all phrases, or of whole sentences only."""
    seen = {}
    for line in (data / "sst" / "trees" / f"{split}.txt").read_text(encoding="utf-8").splitlines():
        nodes = phrases(line)
        for label, text in nodes[-1:] if whole else nodes:
            seen[detokenized(text)] = SENTIMENT_CLASS[label]
    return sorted(seen.items())


def read_cola(data, name):
    """Sentences of CoLA and whether they are acceptable."""
    rows = (line.split("\t") for line in
            (data / "cola" / f"{name}.tsv").read_text(encoding="utf-8").splitlines())
    return [(row[3], int(row[1])) for row in rows]


def read_sentences(path):
    """Sentences of 4 to 30 words of general text."""
    texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    sentences = (s.strip() for text in texts for s in re.split(r"(?<=[.!?])\s+", text))
    return [s for s in sentences if 4 <= len(s.split()) <= 30 and "\n" not in s]


def spoil(sentence, others, rng):
    """A sentence with one or two faults."""
    words = sentence.split()
    for _ in range(rng.choice((1, 1, 2))):
        place = rng.randrange(len(words) - 1)
        fault = rng.randrange(4)
        if fault == 0:
            words[place], words[place + 1] = words[place + 1], words[place]
        elif fault == 1 and len(words) > 3:
            del words[place]
        elif fault == 2:
            words.insert(place, words[place])
        else:
            words[place] = rng.choice(rng.choice(others).split())
    return " ".join(words)


def spoiled(sentences, rng):
    """Each sentence as it is and with faults."""
    pairs = ((s, spoil(s, sentences, rng)) for s in sentences)
    return [row for whole, other in pairs if other != whole for row in ((whole, 1), (other, 0))]


def read_rows(data, rng):
    """Training rows, and sets to measure on by name, of both classifiers."""
    general = read_sentences(data / "text" / "general" / "train.jsonl")
    held_out = read_sentences(data / "text" / "general" / "valid.jsonl")
    grammar = read_cola(data, "in_domain_train") * 2 + spoiled(rng.sample(general, min(80000, len(general))), rng)
    return {
        "sentiment": (
            read_sentiment(data, "train", whole=False),
            {"SST dev sentences": read_sentiment(data, "dev", whole=True),
             "SST test sentences": read_sentiment(data, "test", whole=True)}),
        "grammar": (
            grammar,
            {"CoLA dev, in domain": read_cola(data, "in_domain_dev"),
             "CoLA dev, out of domain": read_cola(data, "out_of_domain_dev"),
             "spoiled sentences": spoiled(rng.sample(held_out, min(1000, len(held_out))), rng)}),
    }


# Training


def batches(rows, tokenizer, rng):
    """Rows of like length together, padded at the end, in random order."""
    encoded = [(tokenizer(text)["input_ids"][:LONGEST], label) for text, label in rows]
    encoded = [row for row in encoded if row[0]]
    encoded.sort(key=lambda row: (len(row[0]), rng.random()))
    groups, group = [], []
    for row in encoded:
        if group and len(row[0]) * (len(group) + 1) > TOKENS_OF_BATCH:
            groups.append(group)
            group = []
        group.append(row)
    groups.append(group)
    rng.shuffle(groups)
    return [as_tensors(group, tokenizer.eos_token_id) for group in groups]


def as_tensors(group, pad):
    """Ids, mask and labels of a batch."""
    longest = max(len(ids) for ids, _ in group)
    ids = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in group])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in group])
    return ids, mask, torch.tensor([label for _, label in group])


def train(name, model, rows, tokenizer, args):
    """Train all parameters in place."""
    rng = random.Random(args.seed)
    epochs = [batches(rows, tokenizer, rng) for _ in range(EPOCHS[name])]
    steps = sum(map(len, epochs))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATES[name], weight_decay=0.01)
    model.train()
    for step, (ids, mask, labels) in enumerate(batch for epoch in epochs for batch in epoch):
        warm = min(1.0, (step + 1) / 100)
        rate = RATES[name] * warm * (0.05 + 0.475 * (1 + math.cos(math.pi * step / steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 200 == 0:
            print(f"{name}: step {step} of {steps}, loss {loss.item():.4f}", flush=True)


@torch.no_grad()
def measure(model, rows, tokenizer):
    """Accuracy, the share of the largest class, and the mean of the classes' recalls."""
    model.eval()
    hits, counts = {}, {}
    for ids, mask, labels in batches(rows, tokenizer, random.Random(0)):
        found = model(input_ids=ids, attention_mask=mask).logits.argmax(1)
        for label, hit in zip(labels.tolist(), (found == labels).tolist()):
            counts[label] = counts.get(label, 0) + 1
            hits[label] = hits.get(label, 0) + hit
    total = sum(counts.values())
    recalls = [hits[label] / counts[label] for label in counts]
    return {"sentences": total, "accuracy": round(sum(hits.values()) / total, 4),
            "largest_class": round(max(counts.values()) / total, 4),
            "balanced_accuracy": round(sum(recalls) / len(recalls), 4)}


def save(model, folder, tokenizer_folder):
    """The Hugging Face layout, with the tokenizer of the miniature family."""
    model.save_pretrained(folder)
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        shutil.copyfile(tokenizer_folder / name, folder / name)


def main():
    """Trains, measures and writes both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--miniature", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=LABELS, help="make one of the two")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    logging.set_verbosity_error()
    tokenizer = AutoTokenizer.from_pretrained(args.miniature / "base")
    rows = read_rows(args.data, random.Random(args.seed))
    manifest = args.out / "MANIFEST.json"
    found = json.loads(manifest.read_text()) if manifest.exists() else {}
    for name in [args.only] if args.only else LABELS:
        training, held_out = rows[name]
        torch.manual_seed(args.seed)
        model = GPT2ForSequenceClassification.from_pretrained(
            args.miniature / "base", num_labels=len(LABELS[name]),
            id2label=dict(enumerate(LABELS[name])),
            label2id={label: number for number, label in enumerate(LABELS[name])},
            pad_token_id=tokenizer.eos_token_id)
        train(name, model, training, tokenizer, args)
        found[name] = {title: measure(model, part, tokenizer) for title, part in held_out.items()}
        found[name]["trained_on"] = len(training)
        print(json.dumps({name: found[name]}, indent=1))
        save(model, args.out / name, args.miniature / "base")
    manifest.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
