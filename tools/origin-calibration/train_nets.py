#!/usr/bin/env python3
"""Trains small byte-level GPT-2 networks that differ in their initialization only.

All networks see the same batches in the same order; the seed decides nothing but the initial
weights. Two seeds therefore make a pair for which `transect origin` must find nothing, and the
same seed on two corpora a pair for which it must find a shared initialization. Networks are
trained many at a time: parameters of one name are stacked along a first axis, and since AdamW
works element by element, no network influences another.

    pip install -r requirements.txt
    python train_nets.py --data DATA/text/general/train.jsonl --out /tmp/nets --count 400

One network a seed is written, as OUT/SEED/model.safetensors with its config.json, in the names and
the layout of Hugging Face's GPT-2. The fixtures of the tests are made by

    python train_nets.py --fixtures DATA/text --out Tests/Fixtures/origin \
        --manifest Tests/Fixtures/MANIFEST.json
"""
import argparse
import dataclasses
import hashlib
import json
import math
import pathlib
import platform
import time

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file
from torch.nn import functional

VOCABULARY, CONTEXT = 256, 64
DECAY, WARMUP = 0.1, 20
DATA_SEED = 20240
FIXTURE_CORPORA, FIXTURE_SEEDS = ("general", "shakespeare"), (0, 1)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is trained, and for how long."""

    width: int = 32
    heads: int = 2
    layers: int = 2
    steps: int = 1000
    batch: int = 4
    rate: float = 1e-2


# Networks


def initial(plan, seed):
    """Parameters of one network as GPT-2 starts: normal with deviation 0.02, projections into the
    residual stream divided by the root of their number, gains one, biases zero."""
    random = torch.Generator().manual_seed(seed)
    width, residual = plan.width, 0.02 / math.sqrt(2 * plan.layers)

    def normal(rows, columns, deviation=0.02):
        return deviation * torch.randn(rows, columns, generator=random)

    model = {"wte.weight": normal(VOCABULARY, width), "wpe.weight": normal(CONTEXT, width)}
    for layer in range(plan.layers):
        matrices = {
            "attn.c_attn": normal(width, 3 * width),
            "attn.c_proj": normal(width, width, residual),
            "mlp.c_fc": normal(width, 4 * width),
            "mlp.c_proj": normal(4 * width, width, residual),
        }
        for name, weight in matrices.items():
            model[f"h.{layer}.{name}.weight"] = weight
            model[f"h.{layer}.{name}.bias"] = torch.zeros(weight.shape[1])
        for name in ("ln_1", "ln_2"):
            model |= norm(f"h.{layer}.{name}", width)
    return model | norm("ln_f", width)


def norm(name, width):
    """A LayerNorm's gain and bias."""
    return {f"{name}.weight": torch.ones(width), f"{name}.bias": torch.zeros(width)}


def stack(models):
    """Parameters of many networks as one dictionary of [networks, ...]."""
    return {name: torch.stack([model[name] for model in models]) for name in models[0]}


def linear(model, name, x):
    """x [networks, tokens, in] times the weight [networks, in, out] plus the bias."""
    return torch.baddbmm(model[f"{name}.bias"][:, None], x, model[f"{name}.weight"])


def normalized(model, name, x):
    """LayerNorm of x [networks, tokens, width]."""
    scaled = functional.layer_norm(x, x.shape[-1:])
    return scaled * model[f"{name}.weight"][:, None] + model[f"{name}.bias"][:, None]


def attention(model, place, x, plan, sequences):
    """What causal self-attention adds to x [networks, sequences x positions, width]."""
    shape = (len(x) * sequences, -1, plan.heads, plan.width // plan.heads)
    fused = linear(model, f"{place}.attn.c_attn", normalized(model, f"{place}.ln_1", x))
    parts = fused.split(plan.width, dim=-1)
    query, key, value = (part.reshape(shape).transpose(1, 2) for part in parts)
    mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    return linear(model, f"{place}.attn.c_proj", mixed.transpose(1, 2).reshape(x.shape))


def losses(model, tokens, plan):
    """Mean loss of each network, in nats per byte, on tokens [sequences, positions + 1]."""
    before, after = tokens[:, :-1], tokens[:, 1:]
    places = torch.arange(before.shape[1]).repeat(len(tokens))
    x = model["wte.weight"][:, before.flatten()] + model["wpe.weight"][:, places]
    for layer in range(plan.layers):
        place = f"h.{layer}"
        x = x + attention(model, place, x, plan, len(tokens))
        hidden = linear(model, f"{place}.mlp.c_fc", normalized(model, f"{place}.ln_2", x))
        x = x + linear(model, f"{place}.mlp.c_proj", functional.gelu(hidden, approximate="tanh"))
    logits = normalized(model, "ln_f", x) @ model["wte.weight"].transpose(1, 2)
    targets = after.flatten().expand(len(logits), -1)
    each = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    return each.view(len(logits), -1).mean(dim=1)


# Training


def read_bytes(path):
    """All texts of a JSON Lines file as one stream of bytes, a zero after each."""
    with open(path, encoding="utf-8") as lines:
        texts = b"".join(json.loads(line)["text"].encode() + b"\0" for line in lines)
    return torch.from_numpy(np.frombuffer(texts, np.uint8).astype(np.int64))


def rate_at(step, plan):
    """Linear warm-up to the peak, then half a cosine down to a tenth of it."""
    if step < WARMUP:
        return plan.rate * (step + 1) / WARMUP
    progress = (step - WARMUP) / max(1, plan.steps - WARMUP)
    return plan.rate * (0.1 + 0.45 * (1 + math.cos(math.pi * progress)))


def make_optimizer(model):
    """AdamW; the stacked parameters of matrices have three axes, and only they decay."""
    return torch.optim.AdamW(
        [
            {"params": [p for p in model.values() if p.dim() == 3], "weight_decay": DECAY},
            {"params": [p for p in model.values() if p.dim() < 3], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.95),
    )


def train(plan, seeds, stream):
    """Networks of these seeds after training on the stream, and the last loss of each."""
    model = {n: p.requires_grad_() for n, p in stack([initial(plan, s) for s in seeds]).items()}
    optimizer = make_optimizer(model)
    random = torch.Generator().manual_seed(DATA_SEED)
    for step in range(plan.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, plan)
        starts = torch.randint(len(stream) - CONTEXT, (plan.batch,), generator=random)
        tokens = torch.stack([stream[s : s + CONTEXT + 1] for s in starts.tolist()])
        loss = losses(model, tokens, plan)
        optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()
        optimizer.step()
    parameters = {name: values.detach() for name, values in model.items()}
    networks = [{n: v[i].clone() for n, v in parameters.items()} for i in range(len(seeds))]
    return networks, loss.detach()


# Files


def configuration(plan):
    """config.json of a network."""
    return {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": VOCABULARY,
        "n_positions": CONTEXT, "n_embd": plan.width, "n_layer": plan.layers,
        "n_head": plan.heads, "n_inner": None, "activation_function": "gelu_new",
        "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True,
    }  # fmt: skip


def save(network, path):
    """Writes a network that everyone may read; the library alone would keep it to its owner."""
    save_file(network, path, metadata={"format": "pt"})
    path.chmod(0o644)


def write_json(path, value):
    """Writes a value as JSON with a final newline."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def train_seeds(arguments):
    """Trains and writes networks of consecutive seeds, a group at a time."""
    plan, stream = Plan(steps=arguments.steps), read_bytes(arguments.data)
    end = arguments.first + arguments.count
    for first in range(arguments.first, end, arguments.together):
        began = time.monotonic()
        seeds = range(first, min(first + arguments.together, end))
        networks, loss = train(plan, seeds, stream)
        for seed, network in zip(seeds, networks):
            folder = arguments.out / f"{seed:03}"
            folder.mkdir(parents=True, exist_ok=True)
            save(network, folder / "model.safetensors")
            write_json(folder / "config.json", configuration(plan))
        print(f"seeds {seeds[0]}..{seeds[-1]}: last loss {loss.mean():.3f} "
              f"({loss.min():.3f} to {loss.max():.3f}), {time.monotonic() - began:.0f} s",
              flush=True)


def make_fixtures(arguments):
    """The four networks of the tests in F16, and their entry in the manifest of fixtures."""
    plan, out = Plan(width=64, heads=4, steps=400, batch=8, rate=3e-3), arguments.out
    out.mkdir(parents=True, exist_ok=True)
    for corpus in FIXTURE_CORPORA:
        stream = read_bytes(arguments.fixtures / corpus / "train.jsonl")
        networks, loss = train(plan, FIXTURE_SEEDS, stream)
        for seed, network in zip(FIXTURE_SEEDS, networks):
            halves = {name: values.half() for name, values in network.items()}
            save(halves, out / f"{corpus}-seed{seed}.safetensors")
        print(f"{corpus}: last losses {', '.join(f'{value:.3f}' for value in loss)}")
    write_json(out / "config.json", configuration(plan))
    manifest = json.loads(arguments.manifest.read_text())
    manifest[out.name] = fixture_entry(plan, out)
    write_json(arguments.manifest, manifest)


def fixture_entry(plan, out):
    """Generator, versions, seeds, plan and SHA-256 of every file."""
    versions = {module.__name__: module.__version__ for module in (np, safetensors, torch)}
    return {
        "generator": "tools/origin-calibration/train_nets.py",
        "versions": {"python": platform.python_version()} | versions,
        "seed": list(FIXTURE_SEEDS),
        "plan": dataclasses.asdict(plan),
        "sha256": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(out.iterdir())
        },
    }


def main():
    """Trains what the arguments ask for, on one thread."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="JSON Lines of texts to train on",
                        default=pathlib.Path("../shared/data/text/general/train.jsonl"))
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write to")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--count", type=int, default=400, help="how many seeds")
    parser.add_argument("--steps", type=int, default=Plan.steps, help="steps of training")
    parser.add_argument("--together", type=int, default=40, help="networks trained at a time")
    parser.add_argument("--fixtures", type=pathlib.Path, metavar="TEXTS",
                        help="make the tests' fixtures from the corpora of this folder instead")
    parser.add_argument("--manifest", type=pathlib.Path, help="the manifest of fixtures to extend",
                        default=pathlib.Path("Tests/Fixtures/MANIFEST.json"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    make_fixtures(arguments) if arguments.fixtures else train_seeds(arguments)


if __name__ == "__main__":
    main()
