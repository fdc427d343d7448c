#!/usr/bin/env python3
"""Checks `transect align` on models of the transformers library, by their weights and logits.

For a GPT-2, a BERT, a RoBERTa, and a Llama whose query heads share key heads, of random weights:

  permuted      a copy whose channels, hidden units and heads were permuted is brought back exactly;
  noisy         the same with noise added: every unit finds its place again;
  independent   another model: whatever units move, its logits stay what they were.

    pip install -r requirements.txt
    python verify_align.py TRANSECT

Prints a line for each case. Exits with 0 if all is as it should be, else 1.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file

LAYERS, CHANNELS, HEADS, HIDDEN, VOCABULARY, POSITIONS = 3, 96, 6, 384, 211, 40
# Logits of about 1 are sums of a few hundred products in binary32, in another order.
LOGIT_TOLERANCE = 2e-4


def gpt2():
    """A GPT-2 with a tied output head."""
    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=VOCABULARY, n_positions=POSITIONS, n_embd=CHANNELS, n_layer=LAYERS, n_head=HEADS
        )
    )


def bert_settings():
    """What BERT and RoBERTa share."""
    return {
        "vocab_size": VOCABULARY, "hidden_size": CHANNELS, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "intermediate_size": HIDDEN, "max_position_embeddings": POSITIONS,
    }


def bert():
    """A BERT with a masked-language-model head."""
    return transformers.BertForMaskedLM(transformers.BertConfig(**bert_settings()))


def roberta():
    """A RoBERTa with a masked-language-model head."""
    return transformers.RobertaForMaskedLM(transformers.RobertaConfig(**bert_settings()))


def llama():
    """A Llama whose query heads share key heads, two and two, with an output head of its own."""
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=CHANNELS, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
            num_key_value_heads=HEADS // 2, intermediate_size=HIDDEN, max_position_embeddings=POSITIONS,
        )
    )


FAMILIES = {"gpt2": gpt2, "bert": bert, "roberta": roberta, "llama": llama}


def random_model(family, seed):
    """A model all of whose parameters, also gains and biases, are random."""
    torch.manual_seed(seed)
    model = FAMILIES[family]()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if parameter.dim() == 1 and "weight" in name else 0.0
            parameter.copy_(centre + 0.1 * torch.randn_like(parameter))
    return model.eval()


# Permuting, written apart from the tool: by module and attribute, not by a map of names.


def rows(tensor, order):
    """Reorders along the first axis."""
    tensor.data = tensor.data[order]


def columns(tensor, order):
    """Reorders along the last axis."""
    tensor.data = tensor.data[..., order]


def head_order(count):
    """A random order of heads, and the order of positions that it makes for so many groups."""
    order = torch.randperm(count)
    return lambda width: (order[:, None] * width + torch.arange(width)).reshape(-1)


def permute_gpt2(model):
    """Permutes a GPT-2 in place."""
    body = model.transformer
    residual = torch.randperm(CHANNELS)
    for tensor in (body.wte.weight, body.wpe.weight, body.ln_f.weight, body.ln_f.bias):
        columns(tensor, residual)
    width = CHANNELS // HEADS
    for block in body.h:
        for norm in (block.ln_1, block.ln_2):
            columns(norm.weight, residual)
            columns(norm.bias, residual)
        heads = head_order(HEADS)(width)
        fused = torch.cat([heads, CHANNELS + heads, 2 * CHANNELS + heads])
        hidden = torch.randperm(4 * CHANNELS)
        attention, mlp = block.attn, block.mlp
        rows(attention.c_attn.weight, residual)
        columns(attention.c_attn.weight, fused)
        columns(attention.c_attn.bias, fused)
        rows(attention.c_proj.weight, heads)
        columns(attention.c_proj.weight, residual)
        columns(attention.c_proj.bias, residual)
        rows(mlp.c_fc.weight, residual)
        columns(mlp.c_fc.weight, hidden)
        columns(mlp.c_fc.bias, hidden)
        rows(mlp.c_proj.weight, hidden)
        columns(mlp.c_proj.weight, residual)
        columns(mlp.c_proj.bias, residual)


def permute_linear(layer, out_order, in_order):
    """Permutes a Linear layer, which stores [out, in]."""
    rows(layer.weight, out_order)
    columns(layer.weight, in_order)
    if layer.bias is not None:
        columns(layer.bias, out_order)


def permute_norm(norm, order):
    """Permutes gain and, where there is one, bias."""
    columns(norm.weight, order)
    if getattr(norm, "bias", None) is not None:
        columns(norm.bias, order)


def permute_bert(model):
    """Permutes a BERT or RoBERTa in place."""
    body = model.bert if hasattr(model, "bert") else model.roberta
    residual = torch.randperm(CHANNELS)
    embeddings = body.embeddings
    for table in (embeddings.word_embeddings, embeddings.position_embeddings, embeddings.token_type_embeddings):
        columns(table.weight, residual)
    permute_norm(embeddings.LayerNorm, residual)
    for layer in body.encoder.layer:
        heads, hidden = head_order(HEADS)(CHANNELS // HEADS), torch.randperm(HIDDEN)
        attention = layer.attention
        for projection in (attention.self.query, attention.self.key, attention.self.value):
            permute_linear(projection, heads, residual)
        permute_linear(attention.output.dense, residual, heads)
        permute_norm(attention.output.LayerNorm, residual)
        permute_linear(layer.intermediate.dense, hidden, residual)
        permute_linear(layer.output.dense, residual, hidden)
        permute_norm(layer.output.LayerNorm, residual)
    if hasattr(model, "cls"):
        transform = model.cls.predictions.transform
        permute_linear(transform.dense, residual, residual)
        permute_norm(transform.LayerNorm, residual)
    else:
        permute_linear(model.lm_head.dense, residual, residual)
        permute_norm(model.lm_head.layer_norm, residual)


def permute_llama(model):
    """Permutes a Llama in place; query heads move with the key head that they share."""
    body = model.model
    residual = torch.randperm(CHANNELS)
    columns(body.embed_tokens.weight, residual)
    columns(model.lm_head.weight, residual)
    permute_norm(body.norm, residual)
    width = CHANNELS // HEADS
    for layer in body.layers:
        order, hidden = head_order(HEADS // 2), torch.randperm(HIDDEN)
        attention, mlp = layer.self_attn, layer.mlp
        permute_linear(attention.q_proj, order(2 * width), residual)
        permute_linear(attention.k_proj, order(width), residual)
        permute_linear(attention.v_proj, order(width), residual)
        permute_linear(attention.o_proj, residual, order(2 * width))
        permute_linear(mlp.gate_proj, hidden, residual)
        permute_linear(mlp.up_proj, hidden, residual)
        permute_linear(mlp.down_proj, residual, hidden)
        permute_norm(layer.input_layernorm, residual)
        permute_norm(layer.post_attention_layernorm, residual)


PERMUTE = {"gpt2": permute_gpt2, "bert": permute_bert, "roberta": permute_bert, "llama": permute_llama}


def logits(model):
    """The logits of some random text."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(5, VOCABULARY, (3, POSITIONS - 8), generator=generator)
    with torch.no_grad():
        return model(input_ids=ids).logits


def largest(left, right):
    """The largest difference of two state dicts' tensors, which must have the same names."""
    assert left.keys() == right.keys(), sorted(left.keys() ^ right.keys())
    return max((left[name] - right[name]).abs().max().item() for name in left)


class Check:
    """Runs the cases of one family."""

    def __init__(self, transect, family, folder):
        self.transect, self.family, self.folder = transect, family, folder
        self.faults = 0
        self.original = random_model(family, 0)
        self.original.save_pretrained(folder / "original")

    def align(self, name, model):
        """Saves a model, aligns it to the original, and loads what came out."""
        model.save_pretrained(self.folder / name)
        out = self.folder / f"{name}-aligned"
        report = subprocess.run(
            [self.transect, "align", self.folder / "original", self.folder / name, "-o", out, "--json"],
            check=True, capture_output=True, text=True,
        )
        rows = [json.loads(line) for line in report.stdout.splitlines()]
        return out, {row["state"]: row for row in rows if row["kind"] == "distance"}, rows

    def report(self, name, out, model, distances, largest_weight, bound):
        """Prints a line, and counts what is wrong in it."""
        aligned = type(model).from_pretrained(out).eval()
        logit_error = (logits(aligned) - logits(model)).abs().max().item()
        good = logit_error <= LOGIT_TOLERANCE and (largest_weight is None or largest_weight <= bound)
        self.faults += not good
        weights = "" if largest_weight is None else f"max|dw| {largest_weight:.3g}, "
        print(
            f"{self.family:8} {name:12} {weights}max|d logit| {logit_error:.2g}, cosine "
            f"{distances['before']['cosine']:.4f} -> {distances['after']['cosine']:.4f}"
            f"{'' if good else '   WRONG'}"
        )

    def permuted(self, name, noise):
        """A permuted copy, with noise."""
        model = FAMILIES[self.family]()
        model.load_state_dict(self.original.state_dict())
        torch.manual_seed(5)
        PERMUTE[self.family](model)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(noise * torch.randn_like(parameter))
        out, distances, _ = self.align(name, model.eval())
        error = largest(load_file(self.folder / "original/model.safetensors"), load_file(out / "model.safetensors"))
        # Of some hundred thousand normal numbers none exceeds six standard deviations.
        self.report(name, out, model, distances, error, 6 * noise)

    def independent(self):
        """Another model, whose units have no place of their own."""
        model = random_model(self.family, 77)
        out, distances, rows = self.align("independent", model)
        self.report("independent", out, model, distances, None, 0)
        if not all(row["moved"] > 0 for row in rows if row["kind"] == "group" and row["units"] > 16):
            print(f"{self.family}: units of an independent model stayed in place")
            self.faults += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("transect", help="the program to check")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    faults = 0
    for family in FAMILIES:
        with tempfile.TemporaryDirectory() as folder:
            check = Check(str(pathlib.Path(arguments.transect).resolve()), family, pathlib.Path(folder))
            check.permuted("permuted", 0.0)
            check.permuted("noisy", 1e-3)
            check.independent()
            faults += check.faults
    print("align: all as expected" if faults == 0 else f"align: {faults} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
