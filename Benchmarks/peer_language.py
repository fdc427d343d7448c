#!/usr/bin/env python3
"""Losses along a path as a user would take them with torch and transformers.

    python peer_language.py A B TEXT.jsonl POINTS f32|bf16

Mixes state dicts at POINTS alphas from 0 to 1 and scores every document of TEXT.jsonl after the
end-of-text token, eight at once (all must have one length). Prints seconds without imports and the
reading of checkpoints, and the mean loss at the first point.
"""
import json
import sys
import time

import torch
from transformers import GPT2LMHeadModel, GPT2TokenizerFast

BATCH = 8


def loss(model, ids, precision):
    """The mean negative log-likelihood of all tokens but the first of each row."""
    total, count = 0.0, 0
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, precision == "bf16"):
        for batch in ids.split(BATCH):
            logits = model(batch).logits[:, :-1]
            total += torch.nn.functional.cross_entropy(
                logits.reshape(-1, logits.shape[-1]).float(), batch[:, 1:].reshape(-1),
                reduction="sum").item()
            count += batch[:, 1:].numel()
    return total / count


def main():
    """Times a path."""
    first, second, text, points, precision = sys.argv[1:]
    torch.set_num_threads(2)
    tokenizer = GPT2TokenizerFast.from_pretrained(first)
    documents = [json.loads(line)["text"] for line in open(text, encoding="utf-8")]
    ids = torch.tensor([[tokenizer.eos_token_id] + tokenizer(d)["input_ids"] for d in documents])
    model = GPT2LMHeadModel.from_pretrained(first, attn_implementation="sdpa").eval()
    a = {name: value.clone() for name, value in model.state_dict().items()}
    b = GPT2LMHeadModel.from_pretrained(second).state_dict()
    start, losses = time.perf_counter(), []
    for point in range(int(points)):
        alpha = point / max(int(points) - 1, 1)
        model.load_state_dict({name: (1 - alpha) * a[name] + alpha * b[name] for name in a})
        losses.append(loss(model, ids, precision))
    print(time.perf_counter() - start, losses[0], ids.numel())


if __name__ == "__main__":
    main()
