#!/usr/bin/env python3
"""Compares token ids and logits of classifiers with transformers.

    swift build -c release --static-swift-stdlib --product classifier-probe
    tools/verify-classifier/verify_classifier.py --probe .build/release/classifier-probe --data DIR
        [--bert FOLDER] [--cases 4000]
    tools/verify-classifier/verify_classifier.py --record Tests/Fixtures/classifiers

DIR has gpt2-bpe, roberta, sst and cola; FOLDER has vocab.txt of BERT. Models are of random weights, as
the classes of transformers save them, in safetensors and pytorch_model.bin; logits are compared in float64.
Tokens are compared with the fast tokenizers on sentences of SST and CoLA, on random texts and on every
character there is. Characters whose classes changed between versions of Unicode are listed, and no fault.
Exits with 1 if anything else differs. The second form writes tiny models, and what transformers makes of
texts with them, which the tests expect.
"""
import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unicodedata

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    BertConfig, BertForSequenceClassification, BertTokenizerFast, GPT2Config, GPT2ForSequenceClassification,
    GPT2TokenizerFast, RobertaConfig, RobertaForSequenceClassification, RobertaTokenizerFast)

PIECES = ["'s", "'ll", " ", "  ", "\n", "\t", "\r\n", "\u00a0", "\u3000", "\u200b", "\u0085", "\u001c", "the", " The",
          "don't", "42", "½", "Ⅳ", "é", "e\u0301", "É", "İ", "ß", "ΑΣ", "Å", "漢字", "한국", "मानक", "😀", "...", "!?",
          "$5", "a_b", "\ufeff", "\U00010400", "\ufffd", "\0", "unaffable", "X" * 99, "ﬁ", "ǅ", "豈", "\U0002b820"]
SMALL = dict(num_hidden_layers=2, num_attention_heads=3, hidden_size=48, intermediate_size=70)


def character(source, end):
    """A random character below a code point."""
    while True:
        value = source.randrange(end)
        if not 0xD800 <= value < 0xE000:
            return chr(value)


def random_text(source):
    """A text of one of four kinds."""
    kind = source.randrange(4)
    if kind == 0:
        return "".join(character(source, 0x110000) for _ in range(source.randrange(30)))
    if kind == 1:
        return "".join(source.choice(PIECES) for _ in range(source.randrange(25)))
    if kind == 2:
        return "".join(character(source, 0x3000) for _ in range(source.randrange(40)))
    return source.choice(PIECES) * source.randrange(1, 200) + source.choice(PIECES)


def sentences(data):
    """SST and CoLA."""
    sst = [json.loads(line)["text"] for name in ("train", "dev", "test")
           for line in open(data / "sst" / f"sst5.{name}.jsonl", encoding="utf-8")]
    cola = [line.rstrip("\n").split("\t")[3] for name in ("in_domain_train", "in_domain_dev", "out_of_domain_dev")
            for line in open(data / "cola" / f"{name}.tsv", encoding="utf-8")]
    return sst + cola


def every_character():
    """One text for each character, at which words are cut and pieces found as its class says."""
    return [f"a{c}b {c} 1{c}" for c in map(chr, range(0x110000)) if not 0xD800 <= ord(c) < 0xE000]


def probe(arguments, folder, texts, *options):
    """What the probe prints: seconds, and a line for each text."""
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    output = subprocess.run([arguments.probe, str(folder), *options], input=lines, stdout=subprocess.PIPE, check=True,
                            text=True).stdout.splitlines()
    return json.loads(output[0]), [json.loads(line) for line in output[1:]]


def randomize(model, spread=0.15):
    """Random weights, biases and gains too."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_gain = "LayerNorm.weight" in name or "ln_" in name and name.endswith("weight")
            parameter.normal_(1.0 if is_gain else 0.0, spread)
    return model.eval()


def put_byte_pairs(data, folder, vocabulary):
    """Files of a byte-level tokenizer."""
    shutil.copy(vocabulary, folder / "vocab.json")
    shutil.copy(data / "gpt2-bpe" / "vocab.bpe", folder / "merges.txt")


def put_tokenizer(arguments, kind, folder):
    """Files of a tokenizer; returns that of transformers."""
    data = arguments.data
    if kind == "roberta":
        put_byte_pairs(data, folder, data / "roberta" / "vocab.json")
        return RobertaTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    if kind == "gpt2":
        put_byte_pairs(data, folder, data / "gpt2-bpe" / "encoder.json")
        return GPT2TokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    shutil.copy(arguments.bert / "vocab.txt", folder)
    settings = dict(do_lower_case=kind != "bert-cased", tokenizer_class="BertTokenizer")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return BertTokenizerFast(str(folder / "vocab.txt"), **settings)


def model_of(kind, words, **settings):
    """A model of random weights."""
    torch.manual_seed(3)
    if kind == "roberta":
        config = RobertaConfig(**{**SMALL, "vocab_size": words, "max_position_embeddings": 130, "type_vocab_size": 1,
                                  "layer_norm_eps": 1e-5, **settings})
        return randomize(RobertaForSequenceClassification(config))
    if kind == "gpt2":
        config = GPT2Config(n_layer=2, n_head=3, n_embd=48, n_positions=128, vocab_size=words, num_labels=3,
                            pad_token_id=50256, **settings)
        return randomize(GPT2ForSequenceClassification(config))
    config = BertConfig(**{**SMALL, "vocab_size": words, "max_position_embeddings": 128, **settings})
    return randomize(BertForSequenceClassification(config))


def check_logits(arguments, name, kind, texts, binary, **settings):
    """Compares the logits of a random model; returns whether they agree."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        tokenizer = put_tokenizer(arguments, kind, folder)
        model = model_of(kind, len(tokenizer), **settings)
        model.save_pretrained(folder, safe_serialization=not binary)
        _, found = probe(arguments, folder, texts)
        longest = 128
        same, far = True, 0.0
        model = model.double()
        for text, (ids, logits) in zip(texts, found):
            expected = tokenizer(text, truncation=True, max_length=longest)["input_ids"]
            same &= ids == expected
            with torch.inference_mode():
                wanted = model(torch.tensor([ids])).logits[0]
            far = max(far, (torch.tensor(logits).double() - wanted).abs().max().item())
    agrees = same and far < 1e-5
    print(f"{name:34} ids {'equal' if same else 'DIFFER'}, logits {far:.1e} {'agrees' if agrees else 'DIFFERS'}")
    return agrees



def check_tokens(arguments, kind, texts, lone):
    """Compares ids of all texts; returns whether they agree but for `lone` characters, which are listed."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        tokenizer = put_tokenizer(arguments, kind, folder)
        model = model_of("bert" if kind.startswith("bert") else kind, len(tokenizer),
                         **({} if kind == "gpt2" else dict(num_hidden_layers=1)))
        model.save_pretrained(folder)
        everything = texts + lone
        _, found = probe(arguments, folder, everything, "--tokens")
        assert len(found) == len(everything)
        wanted = tokenizer(everything, truncation=True, max_length=128)["input_ids"]
    odd = {text[1] for text, ours, theirs in zip(lone, found[len(texts):], wanted[len(texts):]) if ours != theirs}
    bad = [text for text, ours, theirs in zip(texts, found, wanted) if ours != theirs and not odd & set(text)]
    compared = sum(not odd & set(text) for text in texts)
    print(f"{kind}: {len(bad)} of {compared} texts differ", *map(ascii, bad[:3]))
    if odd:
        names = sorted(f"{ord(c):X}/{unicodedata.category(c)}" for c in odd)
        print(f"  {len(odd)} characters differ by themselves:", " ".join(names[:40]))
    return not bad


TEXTS = ["", "The cat sat.", "unaffable cats, the theme", "it is " * 12, "\u00c9t\u00e9 \u6f22\u5b57 \U0001f600"]
TINY = dict(num_hidden_layers=2, num_attention_heads=2, hidden_size=12, intermediate_size=20)


def tiny_tokenizer(kind, folder):
    """Writes a small vocabulary; returns the tokenizer of transformers."""
    if kind == "bert":
        tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "sat", "un", "##aff", "##able", ",",
                  ".", "it", "is", "ete", "##me", "\u6f22"]
        (folder / "vocab.txt").write_text("".join(token + "\n" for token in tokens), encoding="utf-8")
        (folder / "tokenizer_config.json").write_text('{"do_lower_case": true, "tokenizer_class": "BertTokenizer"}\n')
        return BertTokenizerFast(str(folder / "vocab.txt"))
    merges = ["t h", "th e", "\u0120 c", "\u0120c a", "\u0120ca t", "i t", "\u0120 i", "\u0120i s"]
    specials = ["<s>", "<pad>", "</s>", "<unk>"] if kind == "roberta" else ["<|endoftext|>"]
    bytes_ = sorted(ByteLevel.alphabet())
    tokens = specials + bytes_ + [merge.replace(" ", "") for merge in merges]
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}) + "\n")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(merge + "\n" for merge in merges), encoding="utf-8")
    names = str(folder / "vocab.json"), str(folder / "merges.txt")
    if kind == "gpt2":
        return GPT2TokenizerFast(*names)
    return RobertaTokenizerFast(*names, mask_token="<unk>")


def tiny_model(kind, words):
    """A small model of random weights."""
    torch.manual_seed(5)
    if kind == "gpt2":
        return randomize(GPT2ForSequenceClassification(GPT2Config(
            n_layer=2, n_head=2, n_embd=12, n_inner=20, n_positions=24, vocab_size=words, num_labels=2, pad_token_id=0,
            id2label={0: "unacceptable", 1: "acceptable"})), 0.4)
    if kind == "roberta":
        return randomize(RobertaForSequenceClassification(RobertaConfig(
            **TINY, vocab_size=words, max_position_embeddings=26, type_vocab_size=1, layer_norm_eps=1e-5, num_labels=3)), 0.4)
    return randomize(BertForSequenceClassification(BertConfig(
        **TINY, vocab_size=words, max_position_embeddings=24, id2label={0: "NEGATIVE", 1: "POSITIVE"})), 0.4)


def record(target):
    """Writes tiny models and what transformers makes of texts with them."""
    cases = []
    for kind in ("roberta", "bert", "gpt2"):
        folder = target / kind
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = tiny_tokenizer(kind, folder)
        model = tiny_model(kind, len(tokenizer))
        model.save_pretrained(folder, safe_serialization=kind != "roberta")
        model = model.double()
        for text in TEXTS[kind == "gpt2":]:
            ids = tokenizer(text, truncation=True, max_length=24)["input_ids"]
            with torch.inference_mode():
                logits = model(torch.tensor([ids])).logits[0].tolist()
            cases.append(dict(model=kind, text=text, ids=ids, logits=logits))
    lines = ",\n".join(json.dumps(case) for case in cases)
    (target / "expected.json").write_text('{"cases": [\n' + lines + "\n]}\n")


def main():
    """Runs all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--record", type=pathlib.Path)
    parser.add_argument("--bert", type=pathlib.Path)
    parser.add_argument("--cases", type=int, default=4000)
    arguments = parser.parse_args()
    if arguments.record:
        return record(arguments.record)
    if not (arguments.probe and arguments.data):
        parser.error("--probe and --data are needed")
    source = random.Random(0)
    corpus = sentences(arguments.data)
    few = source.sample(corpus, 40) + ["", "x", "word " * 300]
    kinds = {
        "roberta, .bin, as cardiffnlp": ("roberta", True, dict(num_labels=3)),
        "roberta, safetensors, 2 labels": ("roberta", False, dict(num_labels=2)),
        "roberta, gelu_new, 6 heads": ("roberta", True, dict(hidden_act="gelu_new", num_attention_heads=6)),
        "gpt2": ("gpt2", True, {}),
    }
    if arguments.bert:
        kinds |= {
            "bert, .bin": ("bert", True, dict(num_labels=2)),
            "bert, relu, 5 labels": ("bert", False, dict(num_labels=5, hidden_act="relu")),
            "bert, cased": ("bert-cased", False, dict(num_labels=3)),
        }
    agree = []
    for name, (kind, binary, settings) in kinds.items():
        texts = [text for text in few if text] if kind == "gpt2" else few
        agree.append(check_logits(arguments, name, kind, texts, binary, **settings))
    # A special token within a text is one only to transformers.
    texts = corpus + [random_text(source) for _ in range(arguments.cases)]
    for kind in ["roberta", "gpt2"] + (["bert", "bert-cased"] if arguments.bert else []):
        # verify-tokenizer looks at every character in byte-level tokens.
        agree.append(check_tokens(arguments, kind, texts, every_character() if kind.startswith("bert") else []))
    sys.exit(0 if all(agree) else 1)


if __name__ == "__main__":
    main()
