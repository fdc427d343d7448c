#!/usr/bin/env python3
"""Probabilities of classes as a user would compute them with torch and transformers.

    python peer_classify.py FOLDER TEXT.jsonl BATCH

Tokenizes all texts, sorts them by length, and pads each batch to its longest. Prints seconds without
imports and the reading of the model, those of tokenizing, and the tokens.
"""
import json
import sys
import time

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def main():
    """Times a pass over all texts."""
    folder, path, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(2)
    texts = [json.loads(line)["text"] for line in open(path, encoding="utf-8")]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="sdpa").eval()
    start = time.perf_counter()
    ids = tokenizer(texts, truncation=True, max_length=512)["input_ids"]
    encoding = time.perf_counter() - start
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    with torch.inference_mode():
        for first in range(0, len(order), batch):
            padded = tokenizer.pad(
                {"input_ids": [ids[index] for index in order[first:first + batch]]}, return_tensors="pt")
            model(**padded).logits.softmax(-1)
    print(time.perf_counter() - start, encoding, sum(map(len, ids)))


if __name__ == "__main__":
    main()
