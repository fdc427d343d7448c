#!/usr/bin/env python3
"""Grows a family of small networks whose tree is known, to see what `transect origin` makes of it.

A base is trained from scratch; two children are trained on from it, each on a corpus of its own;
a grandchild is trained on from the first child on a third corpus; and one network of another
seed is trained on the base's corpus.

    python grow_tree.py --data DATA/text --out /tmp/family --seed 0
"""
import argparse
import json
import pathlib

import torch

import train_nets as nets

CORPORA = ("general", "shakespeare", "stories", "movie-reviews")


def train_on(plan, network, stream, seed):
    """The network after training on the stream from where it is, and its last loss."""
    model = {name: values[None].clone().requires_grad_() for name, values in network.items()}
    optimizer = nets.make_optimizer(model)
    random = torch.Generator().manual_seed(seed)
    for step in range(plan.steps):
        for group in optimizer.param_groups:
            group["lr"] = nets.rate_at(step, plan)
        starts = torch.randint(len(stream) - nets.CONTEXT, (plan.batch,), generator=random)
        tokens = torch.stack([stream[s : s + nets.CONTEXT + 1] for s in starts.tolist()])
        loss = nets.losses(model, tokens, plan)
        optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()
        optimizer.step()
    return {name: values.detach()[0].clone() for name, values in model.items()}, loss.item()


def grow(arguments):
    """The networks of the family by name."""
    shape = {"width": 64, "heads": 4, "layers": 2, "batch": 8}
    start = nets.Plan(**shape, steps=arguments.steps, rate=3e-3)
    tune = nets.Plan(**shape, steps=arguments.tuning_steps, rate=arguments.tuning_rate)
    order = [CORPORA[(i + arguments.seed) % len(CORPORA)] for i in range(len(CORPORA))]
    streams = [nets.read_bytes(arguments.data / name / "train.jsonl") for name in order]
    seed, data = arguments.seed, 1000 * (arguments.seed + 1)
    base = train_on(start, nets.initial(start, 2 * seed), streams[0], data)
    first = train_on(tune, base[0], streams[1], data + 1)
    return start, {
        "base": base,
        "child-a": first,
        "child-b": train_on(tune, base[0], streams[2], data + 2),
        "grandchild": train_on(tune, first[0], streams[3], data + 3),
        "independent": train_on(start, nets.initial(start, 2 * seed + 1), streams[0], data),
    }


def main():
    """Grows the family and writes it, on one thread."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="folder of the corpora",
                        default=pathlib.Path("../shared/data/text"))
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int, default=0, help="of the initialization and the data")
    parser.add_argument("--steps", type=int, default=400, help="steps from scratch")
    parser.add_argument("--tuning-steps", type=int, default=200, help="steps of each fine-tune")
    parser.add_argument("--tuning-rate", type=float, default=1e-3, help="its peak learning rate")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    plan, family = grow(arguments)
    for name, (network, loss) in family.items():
        folder = arguments.out / name
        folder.mkdir(parents=True, exist_ok=True)
        nets.save(network, folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps(nets.configuration(plan)) + "\n")
        print(f"{name}: last loss {loss:.3f}")


if __name__ == "__main__":
    main()
