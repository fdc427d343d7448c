"""LoRA adapters that PEFT wrote, and what merging them gives.

The reference for every tensor is W + scale * sum_k B[:, k] A[k, :] in float64, summed in the order
of k and rounded once; beside it PEFT's own merge, of the model in float64 and rounded once, is
compared with it.
"""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.numpy import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel

SEED = 20261124

KINDS = {
    "plain": dict(r=4, lora_alpha=8, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True),
    "stabilized": dict(
        r=3, lora_alpha=7, use_rslora=True, target_modules=["c_fc"], fan_in_fan_out=True,
        alpha_pattern={"h.1.mlp.c_fc": 5}, rank_pattern={"h.0.mlp.c_fc": 2}),
    "embedding": dict(
        r=2, lora_alpha=4, target_modules=["wpe"], modules_to_save=["ln_f"], bias="none"),
}


def base_model():
    torch.manual_seed(SEED)
    config = GPT2Config(vocab_size=61, n_positions=16, n_embd=16, n_layer=2, n_head=2)
    return GPT2LMHeadModel(config)


def fill(model):
    """B begins as zeros; give every trained tensor values."""
    generator = torch.Generator().manual_seed(SEED + 1)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.data.copy_(parameter.data + 0.05 * noise)


def scale_of(module, rank, settings):
    alpha = settings["lora_alpha"]
    for key, value in settings.get("alpha_pattern", {}).items():
        if module == key or module.endswith("." + key):
            alpha = value
    return alpha / math.sqrt(rank) if settings.get("use_rslora") else alpha / rank


def product(outer, inner):
    total = np.zeros((outer.shape[0], inner.shape[1]))
    for k in range(inner.shape[0]):
        total += outer[:, k : k + 1].astype(np.float64) * inner[k : k + 1].astype(np.float64)
    return total


def merged(base, adapter, settings):
    """The base's tensors with the adapter's products added, rounded once."""
    result = dict(base)
    trim = lambda name: name.removeprefix("base_model.model.")
    for name, inner in adapter.items():
        if "lora_" not in name:
            result[trim(name)] = inner
            continue
        if "lora_B" in name or "lora_embedding_B" in name:
            continue
        embeds = "lora_embedding_A" in name
        module = trim(name).split(".lora_")[0]
        outer = adapter[name.replace("lora_embedding_A", "lora_embedding_B").replace("lora_A", "lora_B")]
        delta = product(outer, inner)
        weight = module + ".weight"
        if embeds or settings.get("fan_in_fan_out"):
            delta = delta.T
        sums = base[weight].astype(np.float64) + scale_of(module, inner.shape[0], settings) * delta
        result[weight] = sums.astype(base[weight].dtype)
    return result


def make(folder: Path):
    shutil.rmtree(folder, ignore_errors=True)
    model = base_model()
    (folder / "base").mkdir(parents=True)
    base = {name: value.numpy() for name, value in model.state_dict().items()}
    base.pop("lm_head.weight")
    save_file(base, folder / "base" / "model.safetensors")
    model.config.save_pretrained(folder / "base")
    expected, differences = {}, {}
    for kind, settings in KINDS.items():
        tuned = get_peft_model(base_model(), LoraConfig(**settings))
        fill(tuned)
        place = folder / kind
        tuned.save_pretrained(place)
        (place / "README.md").unlink()
        config = json.loads((place / "adapter_config.json").read_text())
        config["base_model_name_or_path"] = None
        (place / "adapter_config.json").write_text(json.dumps(config, indent=1))
        result = merged(base, load_file(place / "adapter_model.safetensors"), settings)
        expected[kind] = result
        differences[kind] = against_peft(place, result)
    return expected, differences


def against_peft(place, result):
    """How many elements PEFT rounds otherwise, merging in float64 and in float32."""
    counts = {}
    for word, dtype in [("float64", torch.float64), ("float32", torch.float32)]:
        model = PeftModel.from_pretrained(base_model().to(dtype), place, autocast_adapter_dtype=False)
        state = model.to(dtype).merge_and_unload().state_dict()
        counts[word] = sum(
            int((state[name].float().numpy() != value).sum()) for name, value in result.items())
    counts["of"] = sum(value.size for value in result.values())
    return counts
