"""Times `transect tokenizer encode` against tiktoken and Hugging Face's tokenizers, and prints Markdown.

    python run_tokenizer.py VOCABULARY TEXT.jsonl... [--megabytes 10] [--rounds 5]

VOCABULARY is a folder with GPT-2's encoder.json and vocab.bpe. Each TEXT has a document a line, in the
member `text`; documents are shuffled with seed 0 and taken, each once, until they make up the size. All
programs use one thread. The peers encode in their own process, without their imports and the reading of
vocabulary and text: tiktoken the whole text, tokenizers (which slows down with length) document by
document. `transect` is timed as a whole process, less the time of one that encodes an empty text.
Programs take turns, so that what else the machine does falls on all of them; medians of CPU time.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import statistics
import subprocess
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tiktoken  # noqa: E402
from tokenizers import ByteLevelBPETokenizer  # noqa: E402

HERE = pathlib.Path(__file__).parent
RULE = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"


def take(files, byte_count):
    """Distinct documents of about a size in all."""
    documents = {json.loads(line)["text"]: None for file in files for line in open(file, encoding="utf-8")}
    shuffled = list(documents)
    random.Random(0).shuffle(shuffled)
    taken, total = [], 0
    for document in shuffled:
        if total >= byte_count:
            break
        taken.append(document)
        total += len(document.encode())
    return taken


def load_tiktoken(folder):
    """GPT-2's encoding, as tiktoken would make it of downloaded files, with its faster pattern."""
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printed]
    table = {chr(byte): byte for byte in printed} | {chr(256 + n): byte for n, byte in enumerate(others)}
    tokens = json.loads((folder / "encoder.json").read_text())
    del tokens["<|endoftext|>"]
    ranks = {bytes(table[character] for character in token): rank for token, rank in tokens.items()}
    return tiktoken.Encoding("gpt2", pat_str=RULE, mergeable_ranks=ranks, special_tokens={})


def timed(encode):
    """CPU seconds of a call, and how many tokens it gives."""
    start = time.process_time()
    count = encode()
    return time.process_time() - start, count


def process(command):
    """CPU seconds of a process, and the sum of what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, sum(map(int, output.split()))


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vocabulary", type=pathlib.Path)
    parser.add_argument("texts", nargs="+", type=pathlib.Path)
    parser.add_argument("--tool", default=str(HERE.parent / ".build/release/transect"))
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    documents = take(arguments.texts, arguments.megabytes * 1e6)
    text = "\n\n".join(documents)
    fast = load_tiktoken(arguments.vocabulary)
    plain = ByteLevelBPETokenizer(
        str(arguments.vocabulary / "encoder.json"), str(arguments.vocabulary / "vocab.bpe"))

    with tempfile.TemporaryDirectory() as folder:
        path, lines, empty = (pathlib.Path(folder) / name for name in ("a.txt", "a.jsonl", "empty.txt"))
        path.write_text(text, encoding="utf-8", newline="")
        lines.write_text("".join(json.dumps({"text": document}, ensure_ascii=False) + "\n" for document in documents),
                         encoding="utf-8")
        empty.write_text("")
        tool = [arguments.tool, "tokenizer", "encode", str(arguments.vocabulary), "--count"]
        programs = {
            "transect": lambda: process([*tool, str(path)]),
            "transect --no-cache": lambda: process([*tool, str(path), "--no-cache"]),
            "transect, JSON lines": lambda: process([*tool, str(lines)]),
            "tiktoken": lambda: timed(lambda: len(fast.encode_ordinary(text))),
            "tokenizers": lambda: timed(lambda: sum(len(plain.encode(one).ids) for one in documents)),
            "start": lambda: process([*tool, str(empty)]),
        }
        results = {name: [] for name in programs}
        load = os.getloadavg()[0]
        for _ in range(arguments.rounds):
            for name, program in programs.items():
                results[name].append(program())
    start = statistics.median(seconds for seconds, _ in results.pop("start"))
    size = len(text.encode())
    print(f"{size / 1e6:.1f} MB, {len(documents)} documents, {len(set(text.split()))} distinct words; load {load:.1f} "
          f"at the start, {os.getloadavg()[0]:.1f} at the end; {arguments.rounds} rounds; "
          f"transect's start {start * 1000:.0f} ms.\n")
    print("| program | CPU, median | MB/s | its speed / tiktoken's | tokens |")
    print("|---|--:|--:|--:|--:|")
    reference = statistics.median(seconds for seconds, _ in results["tiktoken"])
    for name, runs in results.items():
        seconds = statistics.median(seconds for seconds, _ in runs)
        seconds -= start if name.startswith("transect") else 0
        print(f"| {name} | {seconds * 1000:.0f} ms | {size / seconds / 1e6:.1f} | {reference / seconds:.2f} | "
              f"{runs[0][1]} |")


if __name__ == "__main__":
    main()
