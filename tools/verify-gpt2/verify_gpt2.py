#!/usr/bin/env python3
"""Checks logits and negative log-likelihoods of GPT-2 against transformers, computed in float64.

    swift build -c release --static-swift-stdlib --product models-probe
    tools/verify-gpt2/verify_gpt2.py --probe .build/release/models-probe [--data DIR]
    tools/verify-gpt2/verify_gpt2.py --probe ... --speed
    tools/verify-gpt2/verify_gpt2.py --record Tests/Fixtures/gpt2/miniature.json

The first checks trained models of this repository and of DIR, mixtures of two, and random models of
many kinds, one of them as large as DistilGPT-2, and exits with 0 if all agree, else 1. The second
measures tokens per second beside torch. The third writes what transformers makes of the miniature
models, which the tests expect.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel

HERE = pathlib.Path(__file__).resolve().parent.parent.parent
DISTIL = dict(n_layer=6, n_head=12, n_embd=768)


def probe(arguments, checkpoints, windows, *options):
    """What the probe prints: seconds, and numbers for each window."""
    text = "\n".join(" ".join(map(str, window)) for window in windows) + "\n"
    command = [arguments.probe, *map(str, checkpoints), *map(str, options)]
    lines = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    return json.loads(lines[0]), [torch.tensor(json.loads(line)) for line in lines[1:]]


def expected(model, window):
    """Logits, and the negative log-likelihood of each token but the first."""
    ids = torch.tensor([window])
    with torch.inference_mode():
        logits = model(ids).logits[0]
    return logits, -logits.log_softmax(-1)[:-1].gather(1, ids[0, 1:, None])[:, 0]


def random_windows(words, context, count=3):
    """Windows of random ids, the first as long as the context allows, the last of one token."""
    lengths = [context, *[max(context * i // count, 2) for i in range(1, count)], 1]
    return [torch.randint(words, (length,)).tolist() for length in lengths]


def check(name, arguments, checkpoints, model, *options):
    """Compares a model; returns whether it agrees."""
    model = model.double().eval()
    config = model.config
    windows = random_windows(config.vocab_size, min(config.n_positions, 256))
    _, nlls = probe(arguments, checkpoints, windows, *options)
    short = [window[:64] for window in windows]
    _, logits = probe(arguments, checkpoints, short, "--logits", *options)
    far, relative, nll = 0.0, 0.0, 0.0
    for window, cut, found_nlls, found_logits in zip(windows, short, nlls, logits):
        wanted_nlls = expected(model, window)[1]
        wanted = expected(model, cut)[0]
        difference = (found_logits.double().reshape(wanted.shape) - wanted).abs()
        far = max(far, difference.max().item())
        relative = max(relative, (difference.max() / wanted.abs().max()).item())
        if len(window) > 1:
            nll = max(nll, (found_nlls.double() - wanted_nlls).abs().max().item())
    agrees = far < 1e-4 and relative < 1e-5 and nll < 1e-4
    print(f"{name:42} logits {far:.1e} (relative {relative:.1e}), nll {nll:.1e} "
          f"{'agrees' if agrees else 'DIFFERS'}")
    return agrees


def random_model(**settings):
    """A model of random weights, the biases and gains too."""
    torch.manual_seed(7)
    # Other implementations of attention take no notice of how scores shall be scaled.
    model = GPT2LMHeadModel(GPT2Config(**settings, attn_implementation="eager"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_gain = "ln_" in name and name.endswith("weight")
            parameter.normal_(1.0 if is_gain else 0.0, 0.05)
    return model


def save(model, folder):
    """Writes a model as transformers does."""
    model.save_pretrained(folder)
    return folder


def check_random(arguments):
    """Models of random weights, of many kinds."""
    small = dict(n_layer=2, n_head=3, n_embd=45, n_positions=64, vocab_size=301)
    kinds = {
        "random, tied": small,
        "random, untied head": dict(small, tie_word_embeddings=False),
        "random, gelu": dict(small, activation_function="gelu"),
        "random, relu, narrow": dict(small, activation_function="relu", n_inner=31),
        "random, epsilon 0.01": dict(small, layer_norm_epsilon=0.01),
        "random, unscaled attention": dict(small, scale_attn_weights=False),
        "random, attention by layer": dict(small, scale_attn_by_inverse_layer_idx=True),
        "random, DistilGPT-2 size": DISTIL,
    }
    agree = []
    for name, settings in kinds.items():
        with tempfile.TemporaryDirectory() as folder:
            model = random_model(**settings)
            agree.append(check(name, arguments, [save(model, folder)], model))
    return agree


def check_trained(arguments):
    """Trained models, and mixtures of them."""
    miniature = HERE / "notebooks-data" / "miniature"
    agree = []
    for name in ("base", "tuned", "scratch"):
        model = GPT2LMHeadModel.from_pretrained(miniature / name)
        agree.append(check(f"miniature {name}", arguments, [miniature / name], model))
    pair = [miniature / "tuned-negative", miniature / "tuned"]
    for alpha in (0.3, 1.25):
        weights = [load_file(folder / "model.safetensors") for folder in pair]
        mixed = {key: ((1 - alpha) * weights[0][key].double() + alpha * weights[1][key].double())
                 .float() for key in weights[0]}
        model = GPT2LMHeadModel.from_pretrained(pair[0])
        model.load_state_dict(mixed, strict=False)
        agree.append(check(f"miniature mixture at {alpha}", arguments, pair, model,
                           f"--coefficients={1 - alpha}", f"--coefficients={alpha}"))
    if arguments.data:
        nano = pathlib.Path(arguments.data) / "models" / "gpt-nano-sort"
        model = GPT2LMHeadModel.from_pretrained(nano)
        agree.append(check("gpt-nano-sort", arguments, [nano], model))
    return agree


def torch_rate(model, windows, rounds, autocast):
    """Tokens per second of torch, negative log-likelihoods included."""
    ids = torch.tensor(windows)
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            for part in ids.split(8):
                logits = model(part).logits[:, :-1]
                torch.nn.functional.cross_entropy(
                    logits.reshape(-1, logits.shape[-1]).float(), part[:, 1:].reshape(-1),
                    reduction="none")
        best = min(best, time.perf_counter() - start)
    return ids.numel() / best


def measure(arguments):
    """Tokens per second at DistilGPT-2's size, alternating with torch."""
    torch.set_num_threads(arguments.threads)
    windows = torch.randint(50257, (arguments.windows, 256)).tolist()
    with tempfile.TemporaryDirectory() as folder:
        model = GPT2LMHeadModel(GPT2Config(**DISTIL)).eval()
        save(model, folder)
        for precision in ("f32", "bf16"):
            ours, theirs = [], []
            for _ in range(arguments.rounds):
                seconds, _ = probe(arguments, [folder], windows, "--precision", precision,
                                   "--threads", arguments.threads)
                ours.append(len(windows) * 256 / seconds["computing"])
                theirs.append(torch_rate(model, windows, 1, precision == "bf16"))
            print(f"{precision}: {max(ours):.0f} tokens/s, torch {max(theirs):.0f}, "
                  f"ratio {max(ours) / max(theirs):.2f}; loaded in {seconds['loading']:.3f} s")


def record(path):
    """Writes ids, and what the miniature models make of them, computed in float64."""
    cases = []
    for name in ("base", "tuned"):
        folder = HERE / "notebooks-data" / "miniature" / name
        model = GPT2LMHeadModel.from_pretrained(folder).double().eval()
        for window in (torch.randint(1024, (length,)).tolist() for length in (128, 17)):
            logits, nlls = expected(model, window)
            cases.append({"model": name, "ids": window, "nlls": nlls.tolist(),
                          "logits": logits[-1, :32].tolist()})
    pathlib.Path(path).write_text(json.dumps({"cases": cases}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--probe")
    parser.add_argument("--data")
    parser.add_argument("--record")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--windows", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    if arguments.record:
        return record(arguments.record)
    if arguments.speed:
        return measure(arguments)
    sys.exit(0 if all(check_trained(arguments) + check_random(arguments)) else 1)


if __name__ == "__main__":
    main()
