#!/usr/bin/env python3
"""Compares `transect tokenizer` with tiktoken and transformers, text by text.

    python verify_tokenizer.py GPT2-FOLDER [--roberta FOLDER] [--learn TEXT.jsonl...] [--cases 4000] [--seed 0]

GPT2-FOLDER holds encoder.json and vocab.bpe, or vocab.json and merges.txt. Texts are random: of
characters from all of Unicode, of blanks, contractions and words, and of long runs; then one text for
every character there is, between letters, digits and blanks. Decoding is tried on those and on random
bytes. With --learn, merges learned from texts are compared with those of `tokenizers`. Prints a line for each
comparison, and the characters at which the libraries' versions of Unicode differ; exits with 1 if texts
without such characters differ, or merges do.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

import tiktoken
from tokenizers import ByteLevelBPETokenizer, Tokenizer, models, pre_tokenizers, trainers
from transformers import GPT2Tokenizer, GPT2TokenizerFast, RobertaTokenizerFast

HERE = pathlib.Path(__file__).parent
PIECES = ["'s", "'S", "'ll", "'re", "'", " ", "  ", "\n", "\t", "\r\n", "\u00a0", "\u3000", "\u200b",
          "\u0085", "\u001c", "the", " The", "don't", "42", " 7", "½", "٣", "Ⅳ", "é", "e\u0301", "漢字", "한국",
          "मानक", "😀", "👩\u200d👩", "...", "!?", "<|endoftext|>", "\ufeff", "\U00010400", "\U000e0001", "_", "\0"]
RULE = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def byte_characters():
    """The character of each byte in vocabulary files."""
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printed]
    return {chr(byte): byte for byte in printed} | {chr(256 + n): byte for n, byte in enumerate(others)}


def first(folder, *names):
    """The first of some files that is there."""
    return next(str(folder / name) for name in names if (folder / name).exists())


def peers(gpt2):
    """Encoders of the other libraries, by name."""
    vocabulary, merges = first(gpt2, "vocab.json", "encoder.json"), first(gpt2, "merges.txt", "vocab.bpe")
    table = byte_characters()
    tokens = json.loads(pathlib.Path(vocabulary).read_text())
    ranks = {bytes(table[character] for character in token): rank
             for token, rank in tokens.items() if token != "<|endoftext|>"}
    fast = tiktoken.Encoding("gpt2", pat_str=RULE, mergeable_ranks=ranks, special_tokens={})
    plain = ByteLevelBPETokenizer(vocabulary, merges)
    hugging = GPT2TokenizerFast(vocab_file=vocabulary, merges_file=merges)
    return {
        "tiktoken": fast.encode_ordinary,
        "tokenizers": lambda text: plain.encode(text).ids,
        # A special token within a text is one only there.
        "transformers": lambda text: None if "<|endoftext|>" in text else hugging(text)["input_ids"],
    }


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


def character(source, end):
    """A random character below a code point."""
    while True:
        value = source.randrange(end)
        if not 0xD800 <= value < 0xE000:
            return chr(value)


def run(tool, command, folder, payload, *options):
    """What the tool prints for an input."""
    done = subprocess.run([tool, "tokenizer", command, folder, "-", *options], input=payload,
                          stdout=subprocess.PIPE, check=True)
    return done.stdout


def encode(tool, folder, texts, *options):
    """The tool's ids of texts."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    output = run(tool, "encode", folder, lines, "--field", "text", "--json", *options)
    return [json.loads(line)["ids"] for line in output.splitlines()]


def compare(name, encoder, texts, ours):
    """Counts texts whose ids differ, and prints the first."""
    assert len(ours) == len(texts), f"{len(ours)} lines for {len(texts)} texts"
    different = []
    compared = 0
    for text, ids in zip(texts, ours):
        expected = encoder(text)
        compared += expected is not None
        if expected is not None and expected != ids:
            different.append(text)
    print(f"{name}: {len(different)} of {compared} texts differ", *map(ascii, different[:2]))
    return different


def every_character():
    """One text for each character, around which words are cut as its class says."""
    return [f"a{c}b {c} 1{c}2 {c}{c}" for c in map(chr, range(0x110000)) if not 0xD800 <= ord(c) < 0xE000]


def check_bytes(tool, folder, source, cases):
    """Random bytes come back."""
    bad = 0
    for _ in range(cases):
        text = source.randbytes(source.randrange(2000))
        ids = run(tool, "encode", folder, text, "--json")
        bad += run(tool, "decode", folder, ids) != text
    print(f"random bytes: {bad} of {cases} come back otherwise")
    return bad


def check_learning(tool, files, sizes):
    """Merges that the tool learns are those of `tokenizers`, and transformers encodes with them as it does."""
    documents = [json.loads(line)["text"] for file in files for line in open(file, encoding="utf-8")]
    bad = 0
    for size in sizes:
        peer = Tokenizer(models.BPE())
        peer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(vocab_size=size - 1, min_frequency=2, show_progress=False,
                                      initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
        peer.train_from_iterator(documents, trainer)
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = pathlib.Path(folder, "ours"), pathlib.Path(folder, "theirs")
            texts = [part for file in files for part in ("--text", str(file))]
            subprocess.run([tool, "tokenizer", "train", *texts, "--vocab-size", str(size), "-o", ours],
                           stdout=subprocess.DEVNULL, check=True)
            theirs.mkdir()
            peer.model.save(str(theirs))
            lines = [(each / "merges.txt").read_text().splitlines() for each in (ours, theirs)]
            different = sum(a != b for a, b in zip(*lines)) + abs(len(lines[0]) - len(lines[1]))
            vocabularies = [json.loads((each / "vocab.json").read_text()) for each in (ours, theirs)]
            end = vocabularies[0].pop("<|endoftext|>")
            print(f"learning {size} tokens: {different} of {len(lines[1]) - 1} merges differ")
            bad += different + (vocabularies[0] != vocabularies[1]) + (end != len(vocabularies[0]))
            ids = encode(tool, str(ours), documents[:200])
            for kind in (GPT2Tokenizer, GPT2TokenizerFast):
                hugging = kind.from_pretrained(str(ours))
                bad += len(compare(f"{kind.__name__} with it", lambda text: hugging(text)["input_ids"],
                                   documents[:200], ids))
                bad += hugging.eos_token_id != end or len(hugging) != end + 1
    return bad


def main():
    """Compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gpt2", type=pathlib.Path)
    parser.add_argument("--roberta", type=pathlib.Path)
    parser.add_argument("--learn", type=pathlib.Path, nargs="*", default=[], metavar="TEXT.jsonl",
                        help="files of documents to learn merges from")
    parser.add_argument("--tool", default=str(HERE.parent.parent / ".build/release/transect"))
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tool, gpt2 = arguments.tool, str(arguments.gpt2)
    source = random.Random(arguments.seed)
    others = peers(arguments.gpt2)

    alphabet = every_character()
    ours = encode(tool, gpt2, alphabet)
    newer = set()
    for name in ("tiktoken", "tokenizers"):
        characters = {text[1] for text in compare(f"every character, {name}", others[name], alphabet, ours)}
        print("  by category in Python's Unicode", unicodedata.unidata_version + ":",
              sorted({unicodedata.category(c) for c in characters}))
        newer |= characters

    texts = [random_text(source) for _ in range(arguments.cases)]
    texts = [text for text in texts if not newer & set(text)]
    ours = encode(tool, gpt2, texts)
    bad = sum(len(compare(name, encoder, texts, ours)) for name, encoder in others.items())
    decoded = run(tool, "decode", gpt2, "".join(json.dumps({"ids": ids}) + "\n" for ids in ours).encode(), "--json")
    back = [json.loads(line)["text"] for line in decoded.split(b"\n") if line]
    bad += sum(text != again for text, again in zip(texts, back)) + (len(back) != len(texts))
    print(f"decoding: {sum(text != again for text, again in zip(texts, back))} of {len(texts)} texts differ")
    if arguments.roberta:
        vocabulary = first(arguments.roberta, "vocab.json")
        merges = first(arguments.roberta, "merges.txt", "vocab.bpe")
        roberta = RobertaTokenizerFast(vocab_file=vocabulary, merges_file=merges)
        plain = [text for text in texts if "<" not in text]
        ids = encode(tool, str(arguments.roberta), plain, "--sequence-marks")
        bad += len(compare("RoBERTa", lambda text: roberta(text)["input_ids"], plain, ids))
    if arguments.learn:
        bad += check_learning(tool, arguments.learn, (300, 2000, 8000, 50257))
    bad += check_bytes(tool, gpt2, source, min(arguments.cases, 100))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
