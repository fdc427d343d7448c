#!/usr/bin/env python3
"""Compares a result of `transect path -o` with transformers on state dicts mixed by torch.

    pip install -r requirements.txt
    transect path A B --text FILE --lines -o path.h5
    python verify_path.py path.h5 --a A --b B --text FILE [--base C]

A and B are folders that transformers loads, FILE has a document a line; options of `transect path`
that change windows are not known here. Mixes in float64, rounds to float32, and scores each document
after the end-of-text token. Prints the largest difference in nats per token, of documents and of the
mean, and exits with 1 if one exceeds 1e-4.
"""
import argparse
import pathlib
import sys

import h5py
import numpy as np
import torch
from transformers import AutoTokenizer, GPT2LMHeadModel

TOLERANCE = 1e-4  # nats per token


def read(path):
    """Alphas, coefficients, and the loss of each document."""
    with h5py.File(path) as file:
        documents = file["path_documents"]
        axis = "beta" if "beta" in documents else "alpha"
        return (file["path_coefficients/coefficient"][:], documents[axis][:],
                documents["nll_sum"][:], documents["n_tokens"][:])


def mixed(states, coefficients):
    """The state dict at a point, summed in float64 and rounded once."""
    return {name: sum(c * state[name].double() for c, state in zip(coefficients, states)).float()
            if value.is_floating_point() else value for name, value in states[0].items()}


@torch.inference_mode()
def loss(model, ids, context):
    """The summed negative log-likelihood of a document in windows that do not overlap."""
    total = 0.0
    for start in range(0, len(ids), context):
        window = torch.tensor([ids[start:start + context]])
        logits = model(window).logits[0, :-1].double()
        total -= logits.log_softmax(-1).gather(-1, window[0, 1:, None]).sum().item()
    return total


def main():
    """Compares all points."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=pathlib.Path)
    parser.add_argument("--a", required=True)
    parser.add_argument("--b", required=True)
    parser.add_argument("--base")
    parser.add_argument("--text", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    folders = [arguments.a, arguments.b] + ([arguments.base] if arguments.base else [])
    model = GPT2LMHeadModel.from_pretrained(folders[0]).eval()
    states = [GPT2LMHeadModel.from_pretrained(folder).state_dict() for folder in folders]
    tokenizer = AutoTokenizer.from_pretrained(folders[0])
    lines = arguments.text.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    texts = [[tokenizer.eos_token_id] + tokenizer(line)["input_ids"] for line in lines]
    coefficients, alphas, sums, counts = read(arguments.result)
    worst = {"document": 0.0, "mean": 0.0}
    for point, alpha in enumerate(alphas):
        model.load_state_dict(mixed(states, coefficients[point]))
        expected = np.array([loss(model, ids, model.config.n_positions) for ids in texts])
        scored = np.maximum(counts, 1)
        worst["document"] = max(worst["document"],
                                np.abs((expected - sums[:, point]) / scored).max())
        worst["mean"] = max(worst["mean"],
                            abs(expected.sum() - sums[:, point].sum()) / counts.sum())
        print(f"{alpha:8.4f}  transformers {expected.sum() / counts.sum():.7f}  "
              f"transect {sums[:, point].sum() / counts.sum():.7f}")
    print(f"largest difference: {worst['document']:.2e} of a document, {worst['mean']:.2e} of a mean")
    return 0 if max(worst.values()) <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
