#!/usr/bin/env python3
"""Checks gradients and steps of training against torch.

    swift build -c release --static-swift-stdlib --product models-probe
    tools/verify-train/verify_train.py --probe .build/release/models-probe [--transect PROGRAM]

Gradients of every tensor are compared with those of transformers in float64, the losses before ten
steps of AdamW with those of torch in float32. With bfloat16 products gradients must be about as far
from those in float64 as torch's are under autocast. With --transect it also trains the miniature base model,
as it is and as a classifier, and masked language models of BERT and RoBERTa as classifiers, kills runs at
several moments and looks whether the same command ends with the same bytes, as it must with another number
of threads. With --classifier-probe logits of the encoders are compared. Exits with 0 if all agree, else 1.
"""
import argparse
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file
from transformers import (
    BertConfig, BertForMaskedLM, BertForSequenceClassification, GPT2Config,
    GPT2ForSequenceClassification, GPT2LMHeadModel, RobertaConfig, RobertaForMaskedLM,
    RobertaForSequenceClassification)

HERE = pathlib.Path(__file__).resolve().parent.parent.parent
MINIATURE = HERE / "notebooks-data" / "miniature" / "base"
SMALL = dict(n_layer=2, n_head=3, n_embd=45, n_positions=64, vocab_size=301)
ENCODER = dict(
    num_hidden_layers=2, num_attention_heads=3, hidden_size=45, intermediate_size=99,
    max_position_embeddings=64, vocab_size=301, num_labels=3)
ENCODERS = {
    "bert": (BertConfig, BertForSequenceClassification, BertForMaskedLM),
    "roberta": (RobertaConfig, RobertaForSequenceClassification, RobertaForMaskedLM),
}
KINDS = {
    "tied": SMALL,
    "untied head": dict(SMALL, tie_word_embeddings=False),
    "gelu": dict(SMALL, activation_function="gelu"),
    "relu, narrow": dict(SMALL, activation_function="relu", n_inner=31),
    "unscaled attention": dict(SMALL, scale_attn_weights=False),
    "attention by layer": dict(SMALL, scale_attn_by_inverse_layer_idx=True),
    "a long window": dict(SMALL, n_positions=300),
    "many positions and words": dict(n_layer=1, n_head=2, n_embd=64, n_positions=700, vocab_size=50257),
    "DistilGPT-2 size": dict(n_layer=6, n_head=12, n_embd=768),
    "classes": dict(SMALL, num_labels=3),
    "classes, gelu, padding": dict(
        SMALL, num_labels=7, activation_function="gelu", pad_token_id=5),
    "two classes, DistilGPT-2 size": dict(n_layer=6, n_head=12, n_embd=768, num_labels=2),
    "BERT": dict(ENCODER, model_type="bert"),
    "BERT, relu, narrow": dict(
        ENCODER, model_type="bert", hidden_act="relu", intermediate_size=31, type_vocab_size=1),
    "BERT, one layer, gelu_new": dict(
        ENCODER, model_type="bert", num_hidden_layers=1, hidden_act="gelu_new", num_labels=7),
    "RoBERTa": dict(ENCODER, model_type="roberta", layer_norm_eps=1e-5),
    "RoBERTa, long": dict(
        ENCODER, model_type="roberta", max_position_embeddings=302, type_vocab_size=1, num_labels=2),
    "DistilRoBERTa size": dict(
        model_type="roberta", num_hidden_layers=6, vocab_size=50265, max_position_embeddings=514,
        type_vocab_size=1, num_labels=3),
}
KINDS_OF_STEPS = ("tied", "untied head", "gelu", "classes", "BERT", "RoBERTa")


def random_model(model_type="gpt2", **settings):
    """A model of random weights, the biases and gains too, without dropout."""
    torch.manual_seed(7)
    if model_type in ENCODERS:
        config, kind, _ = ENCODERS[model_type]
        rates = dict(hidden_dropout_prob=0, attention_probs_dropout_prob=0)
    else:
        config = GPT2Config
        kind = GPT2ForSequenceClassification if "num_labels" in settings else GPT2LMHeadModel
        rates = dict(resid_pdrop=0, attn_pdrop=0, embd_pdrop=0)
    model = kind(config(**settings, **rates, attn_implementation="eager"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_gain = ("ln_" in name or "LayerNorm" in name) and name.endswith("weight")
            parameter.normal_(1.0 if is_gain else 0.0, 0.05)
    return model.train()


def context(config):
    """The most tokens that are read."""
    if config.model_type == "gpt2":
        return config.n_positions
    return config.max_position_embeddings - (config.pad_token_id + 1 if config.model_type == "roberta" else 0)


def probe(arguments, folder, windows, *options):
    """The lines of JSON that the probe prints."""
    text = "\n".join(" ".join(map(str, window)) for window in windows) + "\n"
    command = [arguments.probe, str(folder), *map(str, options)]
    output = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, check=True, text=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def loss_of(model, windows):
    """The mean loss over all predicted tokens, or classes, of windows of any lengths."""
    total, count = 0, 0
    for window in windows:
        ids = torch.tensor([window])
        logits = model(ids[:, :-1]).logits
        targets = ids[0, -1:] if is_classifier(model) else ids[0, 1:]
        total = total + torch.nn.functional.cross_entropy(
            logits.view(len(targets), -1), targets, reduction="sum")
        count += len(targets)
    return total / count


def is_classifier(model):
    return "SequenceClassification" in type(model).__name__


def random_windows(model, lengths):
    """Random tokens; for a GPT-2 that classifies padding, if it has any; a class at the end of each.

    An encoder's have no padding token, whose embedding torch does not train.
    """
    config = model.config
    windows = [torch.randint(config.vocab_size, (n,)).tolist() for n in lengths]
    if config.model_type != "gpt2":
        windows = [[2 if id == config.pad_token_id else id for id in w[:-1]] + [w[-1] % config.num_labels]
                   for w in windows]
    elif is_classifier(model):
        padding = [config.pad_token_id] * 2 if config.pad_token_id is not None else []
        windows = [w[:-1 - len(padding)] + padding + [w[-1] % config.num_labels]
                   if len(w) > 3 else w[:-1] + [w[-1] % config.num_labels] for w in windows]
    return windows


def check_gradients(arguments, name, settings):
    """Compares the gradient of every tensor; returns whether they agree."""
    model = random_model(**settings)
    longest = context(model.config)
    length = min(longest, 1024 if longest == 700 else 300) + 1
    windows = random_windows(model, (length, length // 2, 2))
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        path = pathlib.Path(folder) / "gradient.safetensors"
        found_loss = probe(arguments, folder, windows, "--gradient", path)[0][0]
        found = load_file(path)
    _, rounded = gradients_of(model, windows)
    loss, wanted = gradients_of(model.double(), windows)
    assert set(wanted) == set(found), set(wanted) ^ set(found)
    # The bias of keys has no effect: it adds the same to all scores of a query.
    names = [key for key in wanted if not key.endswith("key.bias")]
    largest = max(grad.abs().max().item() for grad in wanted.values())
    rest = max((found[key].abs().max().item() / largest for key in wanted if key not in names), default=0)
    def distance(gradients, key):
        return ((gradients[key].double() - wanted[key]).norm() / wanted[key].norm()).item()
    worst = max(distance(found, key) for key in names)
    # What is nearly 0 beside its summands has few digits in binary32, also by torch.
    allowed = max(1e-4, *(distance(rounded, key) for key in names))
    farthest = max(
        ((found[key].double() - wanted[key]).abs().max() / wanted[key].abs().max()).item()
        for key in names)
    agrees = worst < allowed and farthest < 3 * allowed and rest < 1e-6 and abs(found_loss - loss.item()) < 1e-5
    print(f"gradients, {name:28} {len(wanted)} tensors: relative {worst:.1e}, largest element "
          f"{farthest:.1e}, loss {found_loss - loss.item():+.1e} {'agrees' if agrees else 'DIFFERS'}",
          flush=True)
    return agrees


def gradients_of(model, windows):
    """The mean loss, and its gradient by each tensor."""
    model.zero_grad()
    loss = loss_of(model, windows)
    loss.backward()
    return loss, {key.removeprefix(model.base_model_prefix + "."): p.grad.clone()
                  for key, p in model.named_parameters()}


def distances(found, wanted):
    """The relative distance over all tensors, and the largest of those of single ones.

    The bias of keys is left out: it adds the same to all scores of a query, so its gradient is 0.
    """
    wanted = {key: grad for key, grad in wanted.items() if not key.endswith("key.bias")}
    squares = {key: ((found[key].double() - grad) ** 2).sum().item() for key, grad in wanted.items()}
    norms = {key: (grad ** 2).sum().item() for key, grad in wanted.items()}
    return ((sum(squares.values()) / sum(norms.values())) ** 0.5,
            max((squares[key] / norms[key]) ** 0.5 for key in wanted))


def check_rounded_gradients(arguments, name, settings):
    """Compares distances from float64 with bfloat16 products; returns whether ours is no larger."""
    model = random_model(**settings)
    length = min(context(model.config), 300) + 1
    windows = random_windows(model, (length,) * 4)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        path = pathlib.Path(folder) / "gradient.safetensors"
        probe(arguments, folder, windows, "--gradient", path, "--precision", "bf16")
        found = load_file(path)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, theirs = gradients_of(model, windows)
    _, wanted = gradients_of(model.double(), windows)
    ours, torchs = distances(found, wanted), distances(theirs, wanted)
    agrees = ours[0] < 1.2 * torchs[0] and ours[1] < 1.5 * torchs[1]
    print(f"bfloat16, {name:28} relative {ours[0]:.1e}, farthest tensor {ours[1]:.1e}; torch's "
          f"{torchs[0]:.1e}, {torchs[1]:.1e} {'agrees' if agrees else 'DIFFERS'}", flush=True)
    return agrees


def check_steps(arguments, name, settings, steps=10, batch=4):
    """Compares the losses before steps of AdamW on the same batches."""
    model = random_model(**settings)
    length = min(context(model.config), 64)
    windows = random_windows(model, [length] * steps * batch)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        found = probe(arguments, folder, windows, "--training-batch", batch, "--rate", 1e-3)[0]
    decaying = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [dict(params=decaying, weight_decay=0.01), dict(params=others, weight_decay=0.0)], lr=1e-3)
    losses = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model, windows[step * batch:(step + 1) * batch])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    worst = max(abs(a - b) / b for a, b in zip(found, losses))
    agrees = worst < 1e-4
    print(f"ten steps, {name:28} loss {losses[0]:.4f} to {losses[-1]:.4f}: relative {worst:.1e} "
          f"{'agrees' if agrees else 'DIFFERS'}", flush=True)
    return agrees


def digest(folder):
    """The bytes of all files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir())}


def masked_model(folder, kind):
    """Writes a random encoder with a head for masked tokens, and a tokenizer."""
    config, _, masked = ENCODERS[kind]
    fixture = HERE / "Tests" / "Fixtures" / "classifiers" / kind
    words = json.loads((fixture / "config.json").read_text())["vocab_size"]
    shape = dict(ENCODER, num_hidden_layers=4, hidden_size=132, vocab_size=words, num_labels=2)
    torch.manual_seed(3)
    masked(config(**shape)).save_pretrained(folder)
    for name in ("vocab.json", "merges.txt", "vocab.txt", "tokenizer_config.json"):
        if (fixture / name).exists():
            shutil.copy(fixture / name, folder)


def check_logits(arguments, folder, model):
    """Compares logits of a written classifier; returns whether they agree."""
    if not arguments.classifier_probe:
        return True
    texts = ["Film 3 is lovely.", "A long film, and dull.", "x"]
    output = subprocess.run(
        [arguments.classifier_probe, str(folder)], input="".join(json.dumps(t) + "\n" for t in texts),
        stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()[1:]
    worst = 0
    for ids, logits in map(json.loads, output):
        with torch.no_grad():
            wanted = model.eval()(torch.tensor([ids])).logits[0]
        worst = max(worst, (torch.tensor(logits) - wanted).abs().max().item())
    print(f"logits of what was written differ by at most {worst:.1e}")
    return worst < 1e-4


def check_resuming(arguments, kind, precision):
    """Kills runs, and compares what the same command makes then with a run in one piece."""
    classes = kind != "tokens"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        base = MINIATURE
        if kind in ENCODERS:
            base = folder / "base"
            masked_model(base, kind)
        text = folder / "text.txt"
        text.write_text("".join(
            f"The {a} of the {b} was {c}.\n" for a in ("end", "start", "middle")
            for b in ("film", "book", "play", "story") for c in ("good", "bad", "long", "short")) * 8)
        rows = folder / "rows.tsv"
        rows.write_text("".join(
            f"{number % 3}\tFilm {number} is {word}.\n"
            for number, word in enumerate(["dull", "long", "lovely"] * 40)))
        data = (["--labels", "bad,so,good", "--tsv", "1,2", "--text", str(rows), "--valid", str(rows)]
                if classes else ["--text", str(text), "--length", "64", "--valid", str(text)])
        results = []

        def command(output, threads):
            return [arguments.transect, "train", "--init", str(base), *data, "--steps",
                    "60", "--batch", "4", "--lr", "1e-3", "--dropout", "0.1",
                    "--save-every", "7", "--valid-every", "10", "-q", "--seed", "5",
                    "--precision", precision,
                    "--threads", str(threads), "-o", str(output), "--log", f"{output}.h5"]

        for threads in (1, 2):
            output = folder / f"whole-{threads}"
            start = time.perf_counter()
            subprocess.run(command(output, threads), check=True)
            seconds = time.perf_counter() - start
            results.append((digest(output), pathlib.Path(f"{output}.h5").read_bytes()))
        kills, output = 0, folder / "whole-3"
        for round in range(200):
            process = subprocess.Popen(command(output, 2))
            try:
                process.wait(timeout=seconds * (0.25 + 0.1 * (round % 3)))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
            # A kill may also meet a run that has put everything in place, and only had to end.
            if process.returncode == 0 or output.exists() and not pathlib.Path(f"{output}.training").exists():
                break
        results.append((digest(output), pathlib.Path(f"{output}.h5").read_bytes()))
        same = all(weights == results[0][0] for weights, _ in results)
        logs = all(log == results[0][1] for _, log in results)
        left = [path.name for path in folder.iterdir() if "training" in path.name]
        agrees = same and logs and kills > 0 and not left
        print(f"training of {kind} in {precision} with 1 and 2 threads and after {kills} kills: weights "
              f"{'equal' if same else 'DIFFER'}, logs {'equal' if logs else 'DIFFER'}, left over: {left}")
        _, classifier, masked = ENCODERS.get(kind, (None, GPT2ForSequenceClassification, GPT2LMHeadModel))
        model, loading = (classifier if classes else GPT2LMHeadModel).from_pretrained(
            output, output_loading_info=True)
        loaded = load_file(output / "model.safetensors")
        before = masked.from_pretrained(base).base_model.state_dict()
        after = model.base_model.state_dict()
        moved = sum(((after[key] - value) ** 2).sum() for key, value in before.items())
        assert not loading["missing_keys"] and not loading["unexpected_keys"], loading
        if classes:
            assert model.config.id2label == {0: "bad", 1: "so", 2: "good"}, model.config.id2label
        print(f"transformers load {len(loaded)} tensors; moved by {moved.sqrt().item():.3f}")
        if kind in ENCODERS:
            agrees = check_logits(arguments, output, model) and agrees
        return agrees and moved > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--probe", required=True)
    parser.add_argument("--transect")
    parser.add_argument("--classifier-probe")
    parser.add_argument("--quick", action="store_true", help="leave out the largest model")
    arguments = parser.parse_args()
    torch.manual_seed(1)
    kinds = {k: v for k, v in KINDS.items() if not (arguments.quick and "Distil" in k)}
    agree = [check_gradients(arguments, name, kind) for name, kind in kinds.items()]
    agree += [check_rounded_gradients(arguments, name, kind) for name, kind in kinds.items()]
    agree += [check_steps(arguments, name, KINDS[name]) for name in KINDS_OF_STEPS]
    if arguments.transect:
        agree += [check_resuming(arguments, kind, precision)
                  for kind in ("tokens", "classes", *ENCODERS) for precision in ("f32", "bf16")]
    sys.exit(0 if all(agree) else 1)


if __name__ == "__main__":
    main()
