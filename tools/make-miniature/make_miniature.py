#!/usr/bin/env python3
"""Train the miniature GPT-2 family that ships with Transect.

Four checkpoints of one architecture are written, each in its own folder and
in the Hugging Face layout:

  base            trained on general English
  tuned           base, fine-tuned on positive film-review sentences
  tuned-negative  base, fine-tuned on negative film-review sentences
  scratch         another initialization, trained on other text

base and the tuned models are close relatives; base and scratch share nothing
but the architecture and the tokenizer. The script measures this (validation
losses, per-tensor norms of the differences, losses along straight lines in
weight space), prints it, and writes it to MANIFEST.json with a digest of
every model file.

Example:
    python make_miniature.py --data DATA --out notebooks-data/miniature
"""

import argparse
import copy
import hashlib
import json
import math
import os
import platform
import shutil
import time
from importlib.metadata import version
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch
from safetensors.torch import load_file
from tokenizers import ByteLevelBPETokenizer
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel
from transformers.utils import logging

END_OF_TEXT = "<|endoftext|>"
VOCAB_SIZE = 1024
CONTEXT = 128
BATCH = 16
VALID_BLOCKS = 512
MODELS = ("base", "tuned", "tuned-negative", "scratch")
OTHER_TEXTS = ("movie-reviews", "shakespeare", "stories")
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
LIBRARIES = ("numpy", "safetensors", "tokenizers", "torch", "transformers")
MIN_RATIO = 3.0


# Texts


def read_documents(path):
    """Texts of a JSON Lines file of documents, one `text` each."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def read_sentences(path):
    """Non-empty lines of a plain text file."""
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line]


def read_texts(data):
    """All texts the script uses, by name, from the data folder."""
    texts = {
        "general.train": read_documents(data / "text/general/train.jsonl"),
        "general.valid": read_documents(data / "text/general/valid.jsonl"),
        "other.train": [],
    }
    for name in OTHER_TEXTS:
        path = data / "text" / name / "train.jsonl"
        if path.exists():
            texts["other.train"] += read_documents(path)
    for mood in ("positive", "negative"):
        for part in ("train", "dev"):
            path = data / "sst/detok" / f"{mood}.{part}.txt"
            texts[f"{mood}.{part}"] = read_sentences(path)
    return texts


# Tokenizer


def train_tokenizer(texts, folder):
    """Train a byte-level BPE on every training text; write the GPT-2 files.

    The end-of-text token takes the last id, as in GPT-2.
    """
    mixture = [text for name in sorted(texts) if name.endswith(".train")
               for text in texts[name]]
    tokenizer = ByteLevelBPETokenizer(add_prefix_space=False)
    tokenizer.train_from_iterator(mixture, vocab_size=VOCAB_SIZE - 1,
                                  min_frequency=2, show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_model(str(folder))
    vocab = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    assert len(vocab) == VOCAB_SIZE - 1 and END_OF_TEXT not in vocab
    vocab[END_OF_TEXT] = VOCAB_SIZE - 1
    write_json(folder / "vocab.json", vocab, indent=None)
    write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "GPT2Tokenizer",
        "add_prefix_space": False,
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "unk_token": END_OF_TEXT,
        "model_max_length": CONTEXT,
    })
    return tokenizer


def encode(tokenizer, texts):
    """One stream of token ids, with an end-of-text token after each text."""
    ids = []
    for encoding in tokenizer.encode_batch(texts):
        ids += encoding.ids
        ids.append(VOCAB_SIZE - 1)
    return torch.tensor(ids, dtype=torch.long)


# Training


def new_model(seed):
    """A freshly initialized model; weights depend on the seed only."""
    torch.manual_seed(seed)
    return GPT2LMHeadModel(GPT2Config(
        vocab_size=VOCAB_SIZE, n_positions=CONTEXT,
        n_layer=6, n_embd=64, n_head=4,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        bos_token_id=VOCAB_SIZE - 1, eos_token_id=VOCAB_SIZE - 1,
        tie_word_embeddings=True))


def make_optimizer(model, decay):
    """AdamW; weight decay on matrices only, none on biases and gains."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    return torch.optim.AdamW([
        {"params": matrices, "weight_decay": decay},
        {"params": vectors, "weight_decay": 0.0},
    ], betas=(0.9, 0.95))


def learning_rate(step, steps, peak, warmup):
    """Linear warm-up to the peak, then half a cosine down to a tenth of it."""
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return peak * (0.1 + 0.45 * (1 + math.cos(math.pi * progress)))


def draw_batch(stream, generator):
    """A batch of windows that begin at random places of the stream."""
    starts = torch.randint(len(stream) - CONTEXT + 1, (BATCH,), generator=generator)
    return torch.stack([stream[s:s + CONTEXT] for s in starts.tolist()])


def batch_loss(model, batch):
    """Mean loss, in nats, over all tokens but the first of each row."""
    logits = model(input_ids=batch).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())


def train(name, model, stream, steps, peak, warmup, decay, seed):
    """Train all parameters in place; return a record of what was done."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = make_optimizer(model, decay)
    model.train()
    began = time.monotonic()
    for step in range(steps):
        rate = learning_rate(step, steps, peak, warmup)
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = draw_batch(stream, generator)
        loss = batch_loss(model, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0 or step == steps - 1:
            speed = (step + 1) * BATCH * CONTEXT / (time.monotonic() - began)
            print(f"{name}: step {step} of {steps}, loss {loss.item():.4f}, "
                  f"{speed:.0f} tokens/s", flush=True)
    return {"seed": seed, "steps": steps, "peak_lr": peak, "warmup_steps": warmup,
            "weight_decay": decay, "tokens_seen": steps * BATCH * CONTEXT,
            "tokens_in_text": len(stream)}


def train_family(streams, args):
    """Train the four models; return them and the records of their training."""
    long = dict(steps=args.steps, peak=args.lr, warmup=100, decay=0.1)
    short = dict(steps=args.tune_steps, peak=args.tune_lr, warmup=20, decay=0.0)
    models, records = {}, {}
    models["base"] = new_model(args.seed)
    records["base"] = train("base", models["base"], streams["general.train"],
                            seed=args.seed, **long)
    models["scratch"] = new_model(args.seed + 1)
    records["scratch"] = train("scratch", models["scratch"], streams["other.train"],
                               seed=args.seed + 1, **long)
    for name, mood, seed in (("tuned", "positive", args.seed + 2),
                             ("tuned-negative", "negative", args.seed + 3)):
        models[name] = copy.deepcopy(models["base"])
        records[name] = train(name, models[name], streams[f"{mood}.train"],
                              seed=seed, **short)
    return models, records


# Files


def write_json(path, value, indent=2):
    """Write a value as JSON with a final newline."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def save_model(model, folder, tokenizer_folder):
    """Write model.safetensors, config.json and the tokenizer's three files."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    (folder / "model.safetensors").chmod(0o644)
    for file in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        if folder != tokenizer_folder:
            shutil.copyfile(tokenizer_folder / file, folder / file)


def check_folder(model, tokenizer, folder):
    """Load a folder back by the usual classes; it must be what was saved."""
    again = GPT2LMHeadModel.from_pretrained(folder)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    sample = "It's a film of\n\n 12 “quiet” wonders – naïve,   perhaps."
    ids = AutoTokenizer.from_pretrained(folder)(sample)["input_ids"]
    assert ids == tokenizer.encode(sample).ids, "tokenizers disagree"


def list_files(out):
    """Bytes and SHA-256 of every model file, by path relative to `out`."""
    files = {}
    for path in sorted(p for name in MODELS for p in (out / name).iterdir()):
        content = path.read_bytes()
        files[path.relative_to(out).as_posix()] = {
            "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return files


# Measurements


@torch.no_grad()
def mean_loss(model, stream):
    """Mean loss in nats per predicted token.

    The stream is cut into blocks of one context length, the rest at its end
    is left out, and in each block all tokens but the first are predicted.
    Of a long stream only evenly spaced blocks are used, to save time.
    """
    model.eval()
    blocks = stream[:len(stream) // CONTEXT * CONTEXT].view(-1, CONTEXT)
    if len(blocks) > VALID_BLOCKS:
        blocks = blocks[torch.arange(VALID_BLOCKS) * len(blocks) // VALID_BLOCKS]
    total = sum(batch_loss(model, batch).item() * len(batch)
                for batch in blocks.split(BATCH))
    return total / len(blocks)


def measure_losses(models, streams):
    """Loss of every model on every validation stream."""
    names = ("general.valid", "positive.dev", "negative.dev")
    return {model: {name: mean_loss(models[model], streams[name]) for name in names}
            for model in MODELS}


def scaled_norms(first, second):
    """Per tensor the norm of the difference over the root of its size."""
    norms = {}
    for name in sorted(first):
        difference = (first[name].double() - second[name].double()).flatten()
        norms[name] = float(difference.norm() / math.sqrt(difference.numel()))
    return norms


def compare_tensors(out):
    """Scaled norms base-tuned and base-scratch, and their ratio, per tensor."""
    weights = {name: load_file(out / name / "model.safetensors") for name in MODELS}
    tuned = scaled_norms(weights["base"], weights["tuned"])
    scratch = scaled_norms(weights["base"], weights["scratch"])
    return {name: {"tuned": tuned[name], "scratch": scratch[name],
                   "ratio": scratch[name] / tuned[name]} for name in tuned}


def measure_line(first, second, stream):
    """Losses on the straight line between two models' weights, and its barrier.

    The barrier is the greatest height of the losses above the straight line
    that joins the two ends' losses (0 when they never rise above it).
    """
    ends = first.state_dict(), second.state_dict()
    middle = copy.deepcopy(first)
    losses = []
    for alpha in ALPHAS:
        middle.load_state_dict({name: (1 - alpha) * ends[0][name] + alpha * ends[1][name]
                                for name in ends[0]})
        losses.append(mean_loss(middle, stream))
    heights = [loss - (1 - alpha) * losses[0] - alpha * losses[-1]
               for alpha, loss in zip(ALPHAS, losses)]
    return {"alphas": list(ALPHAS), "losses": losses, "barrier": max(0.0, *heights)}


def measure(models, streams, out):
    """Everything that is measured of the family."""
    return {
        "losses": measure_losses(models, streams),
        "lines": {
            "base-tuned on positive.dev":
                measure_line(models["base"], models["tuned"], streams["positive.dev"]),
            "base-scratch on general.valid":
                measure_line(models["base"], models["scratch"], streams["general.valid"]),
        },
        "scaled_norms": compare_tensors(out),
    }


def print_measurements(found):
    """Print the measurements as plain tables."""
    print("\nvalidation loss, nats per token")
    for model, losses in found["losses"].items():
        print(f"  {model:15}", "  ".join(f"{k} {v:.4f}" for k, v in losses.items()))
    print("\nnorm of the difference over root n: base-tuned, base-scratch, ratio")
    for name, row in found["scaled_norms"].items():
        print(f"  {name:35} {row['tuned']:.6f} {row['scratch']:.6f} {row['ratio']:7.2f}")
    least = min(found["scaled_norms"], key=lambda n: found["scaled_norms"][n]["ratio"])
    low = [n for n, row in found["scaled_norms"].items() if row["ratio"] < MIN_RATIO]
    print(f"least ratio {found['scaled_norms'][least]['ratio']:.2f} at {least}; "
          f"below {MIN_RATIO:g}: {', '.join(low) or 'none'}")
    for name, line in found["lines"].items():
        print(f"\n{name}")
        for alpha, loss in zip(line["alphas"], line["losses"]):
            print(f"  alpha {alpha:.2f}  loss {loss:.4f}")
        print(f"  barrier {line['barrier']:.4f}")


def rounded(value, digits=6):
    """The same structure with its floats rounded, for a short manifest."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return value


# Command line


def parse_arguments():
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True,
                        help="folder that holds text/ and sst/")
    parser.add_argument("--out", type=Path, required=True,
                        help="folder to write the four model folders into")
    parser.add_argument("--seed", type=int, default=1,
                        help="base uses it, scratch the next one, then the tuned ones")
    parser.add_argument("--steps", type=int, default=2000,
                        help="training steps of base and of scratch")
    parser.add_argument("--lr", type=float, default=3e-3,
                        help="peak learning rate of base and of scratch")
    parser.add_argument("--tune-steps", type=int, default=300,
                        help="fine-tuning steps")
    parser.add_argument("--tune-lr", type=float, default=2e-4,
                        help="peak learning rate of fine-tuning")
    return parser.parse_args()


def prepare_libraries():
    """One thread and repeatable operations; no progress bars or notices."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def main():
    """Train, save, check and measure the family."""
    args = parse_arguments()
    prepare_libraries()
    began = time.monotonic()
    texts = read_texts(args.data)
    tokenizer = train_tokenizer(texts, args.out / "base")
    streams = {name: encode(tokenizer, part) for name, part in texts.items()}
    for name in sorted(streams):
        print(f"{name}: {len(texts[name])} texts, {len(streams[name])} tokens")
    models, records = train_family(streams, args)
    for name in MODELS:
        save_model(models[name], args.out / name, args.out / "base")
        check_folder(models[name], tokenizer, args.out / name)
    found = measure(models, streams, args.out)
    print_measurements(found)
    write_json(args.out / "MANIFEST.json", {
        "generator": "tools/make-miniature/make_miniature.py",
        "versions": {"python": platform.python_version(),
                     **{name: version(name) for name in LIBRARIES}},
        "batch": BATCH,
        "context": CONTEXT,
        "training": {name: records[name] for name in MODELS},
        "measurements": rounded(found),
        "files": list_files(args.out),
    })
    print(f"\nwall time {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
