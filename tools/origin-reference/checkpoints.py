"""Checkpoints of safetensors read with numpy alone, and the units found in them."""
import json
import math
import pathlib
import re

import numpy as np

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
PREFIXES = ("module.", "_orig_mod.", "transformer.", "bert.", "roberta.")


# Files


class Checkpoint:
    """Tensors of a safetensors file, or of a folder's one or several, by canonical name."""

    def __init__(self, path, heads=None):
        path = pathlib.Path(path)
        folder = path if path.is_dir() else path.parent
        self.path, self.places, self.is_roberta = path, {}, False
        for file in files_of(path):
            self.add_header(file)
        config = folder / "config.json"
        self.config = json.loads(config.read_text()) if config.exists() else {}
        self.is_roberta |= "roberta" in self.config.get("model_type", "")
        if heads:
            self.config |= {"n_head": heads, "num_attention_heads": heads}
        self.config.setdefault("num_key_value_heads", self.config.get("num_attention_heads"))

    def add_header(self, file):
        """Notes where each tensor of a file lies."""
        with open(file, "rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            header = json.loads(opened.read(length))
        for name, entry in header.items():
            if name != "__metadata__" and entry["dtype"] in DTYPES:
                self.is_roberta |= name.startswith("roberta.")
                place = (file, 8 + length + entry["data_offsets"][0])
                self.places[canonical(name)] = (*place, entry["dtype"], tuple(entry["shape"]))

    def __contains__(self, name):
        return name in self.places

    def shape(self, name):
        """Extents of a tensor, outermost first."""
        return self.places[name][3]

    def load(self, name, dtype):
        """A tensor's values as an array of `dtype`; NaN or infinities are refused."""
        file, offset, stored, shape = self.places[name]
        if not math.prod(shape):
            return np.empty(shape, dtype)
        raw = np.memmap(file, DTYPES[stored], "r", offset, shape)
        if stored == "BF16":
            raw = (raw.astype(np.uint32) << 16).view(np.float32)
        values = np.asarray(raw, dtype)
        if not np.isfinite(values).all():
            raise ValueError(f"{file}: {name} has values that are not finite")
        return values


def files_of(path):
    """The safetensors files behind a path: itself, or what its folder's index names."""
    if not path.is_dir():
        return [path]
    index = path / "model.safetensors.index.json"
    if not index.exists():
        return [path / "model.safetensors"]
    names = set(json.loads(index.read_text())["weight_map"].values())
    return [path / name for name in sorted(names)]


def canonical(name):
    """A name without the prefixes of wrappers."""
    while name.startswith(PREFIXES):
        name = name.partition(".")[2]
    return name


# Names

"""For each family and each group: where its units lie.

`views`: tensors with the axis along which the units lie, and, of a fused tensor, the part [k, of n]
of that axis. `gain`: the norm whose gain scales what the view reads. `blocks`: the number of
blocks, or what config.json calls it. A group whose names hold {i} exists once a layer. --map reads
another dictionary of the same form from JSON.
"""
FAMILIES = {
    "gpt2": {
        "embedding": "wte.weight",
        "groups": {
            "mlp": {"views": [
                {"tensor": "h.{i}.mlp.c_fc.weight", "axis": 1, "gain": "h.{i}.ln_2.weight"},
                {"tensor": "h.{i}.mlp.c_proj.weight", "axis": 0}]},
            "vo": {"blocks": "n_head", "views": [
                {"tensor": "h.{i}.attn.c_attn.weight", "axis": 1, "part": [2, 3],
                 "gain": "h.{i}.ln_1.weight"},
                {"tensor": "h.{i}.attn.c_proj.weight", "axis": 0}]},
            "qk": {"blocks": "n_head", "views": [
                {"tensor": "h.{i}.attn.c_attn.weight", "axis": 1, "part": [part, 3],
                 "gain": "h.{i}.ln_1.weight"} for part in (0, 1)]},
            "res": {"views": [{"tensor": "wte.weight", "axis": 1},
                              {"tensor": "wpe.weight", "axis": 1}]},
        },
    },
    "bert": {
        "embedding": "embeddings.word_embeddings.weight",
        "groups": {
            "mlp": {"views": [
                {"tensor": "encoder.layer.{i}.intermediate.dense.weight", "axis": 0},
                {"tensor": "encoder.layer.{i}.output.dense.weight", "axis": 1}]},
            "vo": {"blocks": "num_attention_heads", "views": [
                {"tensor": "encoder.layer.{i}.attention.self.value.weight", "axis": 0},
                {"tensor": "encoder.layer.{i}.attention.output.dense.weight", "axis": 1}]},
            "qk": {"blocks": "num_attention_heads", "views": [
                {"tensor": f"encoder.layer.{{i}}.attention.self.{name}.weight", "axis": 0}
                for name in ("query", "key")]},
            "res": {"views": [
                {"tensor": "embeddings.word_embeddings.weight", "axis": 1},
                {"tensor": "embeddings.position_embeddings.weight", "axis": 1,
                 "roberta_drops": 2}]},
        },
    },
    "llama": {
        "embedding": "model.embed_tokens.weight",
        "groups": {
            "mlp": {"views": [
                {"tensor": f"model.layers.{{i}}.mlp.{name}_proj.weight", "axis": axis,
                 "gain": gain and f"model.layers.{{i}}.{gain}.weight"}
                for name, axis, gain in (
                    ("gate", 0, "post_attention_layernorm"), ("up", 0, "post_attention_layernorm"),
                    ("down", 1, None))]},
            "vo": {"blocks": "num_key_value_heads", "views": [
                {"tensor": "model.layers.{i}.self_attn.v_proj.weight", "axis": 0,
                 "gain": "model.layers.{i}.input_layernorm.weight"},
                {"tensor": "model.layers.{i}.self_attn.o_proj.weight", "axis": 1}]},
            "res": {"views": [{"tensor": "model.embed_tokens.weight", "axis": 1},
                              {"tensor": "lm_head.weight", "axis": 1, "optional": True}]},
        },
    },
}


def family_of(checkpoint):
    """The dictionary of names that fits a checkpoint."""
    for family in FAMILIES.values():
        if family["embedding"] in checkpoint:
            return family
    raise ValueError(f"{checkpoint.path}: no family of names fits; give --map")


def depth(checkpoint, family):
    """How many layers have units of `family` in the checkpoint."""
    views = (view for group in family["groups"].values() for view in group["views"])
    template = next(view["tensor"] for view in views if "{i}" in view["tensor"])
    pattern = re.compile(re.escape(template).replace(r"\{i\}", r"(\d+)") + "$")
    layers = {int(match[1]) for match in map(pattern.match, checkpoint.places) if match}
    return max(layers, default=-1) + 1


def is_per_layer(group):
    """Whether a group exists once a layer."""
    return "{i}" in group["views"][0]["tensor"]


# Units


class Units:
    """Features of the units of one checkpoint."""

    def __init__(self, checkpoint, family, dtype=np.float64):
        self.checkpoint, self.family, self.dtype = checkpoint, family, dtype
        self.width = checkpoint.shape(family["embedding"])[1]

    def blocks(self, group):
        """In how many blocks the units of a group fall, or None if that is not known."""
        blocks = group.get("blocks", 1)
        return self.checkpoint.config.get(blocks) if isinstance(blocks, str) else blocks

    def uses(self, view):
        """Whether a view counts: an optional one must exist and not repeat the embedding."""
        if not view.get("optional"):
            return True
        name, embedding = view["tensor"], self.family["embedding"]
        return name in self.checkpoint and not np.array_equal(
            self.checkpoint.load(name, self.dtype), self.checkpoint.load(embedding, self.dtype))

    def of(self, group, views, layer, fold):
        """The units of a group in a layer, view by view: [blocks, units, features].

        With `fold`, what a view reads is scaled by the gain of the norm before it.
        """
        found = [self.rows(view, layer, fold) for view in views]
        count = min(len(units) for units in found)
        return [split(units, self.blocks(group), count) for units in found]

    def rows(self, view, layer, fold):
        """The units of one view as rows."""
        name = view["tensor"].format(i=layer)
        values = self.checkpoint.load(name, self.dtype)
        units = values.T if self.axis(view, name) else values
        if view.get("gain") and fold:
            units = units * self.checkpoint.load(view["gain"].format(i=layer), self.dtype)
        if "part" in view:
            part, parts = view["part"]
            units = np.split(units, parts)[part]
        drops = view.get("roberta_drops", 0) if self.checkpoint.is_roberta else 0
        return units[:, drops:]

    def axis(self, view, name):
        """Along which axis the units lie: the other one, if a GPT-2 stores its layers' matrices as
        Linear layers do, which its first matrix of hidden units tells."""
        first = "h.0.mlp.c_fc.weight"
        flipped = (name.startswith("h.") and first in self.checkpoint
                   and self.checkpoint.shape(first)[0] != self.width)
        return 1 - view["axis"] if flipped else view["axis"]


def split(units, blocks, count):
    """Rows [blocks x repeats x units, features] as [blocks, units, repeats x features]: query heads
    that share a key and value head describe the same units."""
    repeats, size = len(units) // count, count // blocks
    grouped = units.reshape(blocks, repeats, size, -1).transpose(0, 2, 1, 3)
    return grouped.reshape(blocks, size, -1)
