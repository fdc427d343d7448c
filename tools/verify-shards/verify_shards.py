#!/usr/bin/env python3
"""Shards that are killed, begun again and run twice must merge to the bytes of one run.

    tools/verify-shards/verify_shards.py BINARY [SCHEDULES] [SEED]

Every schedule shares a run out among some number of processes, kills some of them at random times
(SIGKILL or SIGTERM), begins killed ones again, now and then with another number of shards or twice
at once, merges, and compares bytes. A row that a journal had when its process died must be in the
result and must not be computed again, unless two processes worked on it at once.
"""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "notebooks-data" / "miniature"
TEXT = """The film was a great success.
A terrible, boring story.
I like this movie, and you will too!
Nothing happens in it.
"""
PROMPTS = "The film\nI like\nNothing\n"


def commands(folder):
    """One command of each kind, without its output; each with the longest time until a kill."""
    text, prompts, texts = folder / "text.txt", folder / "prompts.txt", folder / "texts.txt"
    text.write_text(TEXT)
    prompts.write_text(PROMPTS)
    texts.write_text(TEXT * 60)
    a, b, c = (str(MODELS / name) for name in ["base", "tuned", "tuned-negative"])
    scored = ["--text", str(text), "--lines"]
    short = ["--max-new", "4", "-n", "3"]
    return {
        "path": ["path", a, b, *scored, "--alpha", "0:1:40"],
        "plane": ["plane", "--base", a, "--plus", b, "--minus", c, *scored]
        + ["--x", "0:1:6", "--y", "0:1:6"],
        "path, ensemble": ["path", a, b, *scored, "--alpha", "0:1:40", "--ensemble", "logits"],
        "path, texts": ["path", a, b, *scored, "--alpha", "0:1:8"]
        + ["--generate", str(prompts), *short, "--scorer", a],
        "generate": ["generate", a, b, "--alpha", "0:1:5", "--prompts", str(prompts), *short],
        "score": ["score", str(texts), "--scorer", a],
        "gram": ["gram", a, b, c],
        "norms": ["norms", a, b, c],
    }


def rows(journal):
    """Keys and values of the whole lines of a journal, but for the plan."""
    found = []
    for line in journal.read_bytes().split(b"\n")[:-1]:
        if len(line) < 10 or line[:8] != b"%08x" % zlib.crc32(line[9:]):
            continue
        row = json.loads(line[9:])
        if "row" in row and row["row"] != "plan":
            found.append((row["row"], json.dumps(row["value"])))
    return found


def all_rows(folder):
    return [row for file in sorted(folder.glob("*.jsonl")) for row in rows(file)]


class Schedule:
    def __init__(self, binary, command, output, seed, duration):
        self.random = random.Random(seed)
        self.binary, self.command, self.output = binary, command, output
        self.duration = duration
        self.kills = self.starts = 0
        self.overlapped = False

    def start(self, shard):
        self.starts += 1
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.output.parent)}
        arguments = [self.binary, *self.command, "-q", "-o", str(self.output), "--threads", "1"]
        if self.random.random() < 0.5:
            arguments += ["--shard", f"{shard[0]}/{shard[1]}"]
        else:
            environment |= self.random.choice(
                [
                    {"TRANSECT_SHARD": f"{shard[0]}/{shard[1]}"},
                    {"SLURM_ARRAY_TASK_ID": str(shard[0]), "SLURM_ARRAY_TASK_MIN": "1"}
                    | {"SLURM_ARRAY_TASK_MAX": str(shard[1]), "SLURM_PROCID": "0"}
                    | {"SLURM_ARRAY_TASK_COUNT": str(shard[1])},
                    {"OMPI_COMM_WORLD_RANK": str(shard[0] - 1)}
                    | {"OMPI_COMM_WORLD_SIZE": str(shard[1])},
                ]
            )
            if shard[1] == 1:
                arguments += ["--shard", "1/1"]
        return subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def end(self, process):
        """Lets a process end, or kills it; whether it was done."""
        if self.random.random() < 0.5:
            time.sleep(self.random.random() * self.duration)
            process.send_signal(self.random.choice([signal.SIGKILL, signal.SIGTERM]))
        _, errors = process.communicate(timeout=120)
        code = process.returncode
        assert code in (0, 75, -signal.SIGKILL, -signal.SIGTERM), (code, errors.decode())
        self.kills += code != 0
        return code == 0

    def work(self, count):
        """All shards of a run, each until it is done or, now and then, not at all."""
        left = [(number + 1, count) for number in range(count)]
        while left:
            shard = self.random.choice(left)
            twice = self.random.random() < 0.15
            processes = [self.start(shard) for _ in range(2 if twice else 1)]
            self.overlapped |= twice
            if any([self.end(process) for process in processes]):
                left.remove(shard)
            elif self.random.random() < 0.1:
                left.remove(shard)

    def merge(self, journals):
        return subprocess.run(
            [self.binary, "merge", str(journals), "-o", str(self.output)], capture_output=True
        )

    def run(self, expected):
        journals = pathlib.Path(f"{self.output}.journal")
        self.work(self.random.randint(1, 7))
        first = all_rows(journals)
        merged = self.merge(journals)
        assert merged.returncode in (0, 3), merged.stderr.decode()
        if merged.returncode == 3:
            # What is pending is named, and other shards do it.
            assert b"pending: " in merged.stdout
            while self.merge(journals).returncode == 3:
                self.work(self.random.randint(1, 7))
        found = all_rows(journals)
        values = {}
        for key, value in found:
            assert values.setdefault(key, value) == value, f"{key} has two values"
        assert set(first) <= set(found), "rows were lost"
        if not self.overlapped:
            assert len(found) == len(values), "rows were computed twice"
        assert self.output.read_bytes() == expected, "the result has other bytes"
        return len(values)


def main():
    binary = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    total = {"rows": 0, "kills": 0, "starts": 0}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        cases = []
        for kind, command in commands(folder).items():
            output = folder / "whole.h5"
            begin = time.monotonic()
            subprocess.run([binary, *command, "-q", "-o", str(output)], check=True)
            cases.append((kind, command, output.read_bytes(), time.monotonic() - begin))
            output.unlink()
        for number in range(count):
            kind, command, expected, duration = cases[number % len(cases)]
            output = folder / f"{number}.h5"
            schedule = Schedule(binary, command, output, seed * 1_000_000 + number, duration)
            try:
                total["rows"] += schedule.run(expected)
            except AssertionError as error:
                sys.exit(f"schedule {number} ({kind}): {error}")
            total["kills"] += schedule.kills
            total["starts"] += schedule.starts
    print(
        f"{count} schedules, {total['starts']} processes, {total['kills']} killed: "
        f"{total['rows']} rows, none lost, none doubled, all results the same bytes"
    )


if __name__ == "__main__":
    main()
