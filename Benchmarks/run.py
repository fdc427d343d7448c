"""Times `transect norms` against a pure read loop, numpy and torch, and prints a table."""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
PAIRS = ("distil-f32", "large-bf16", "large-f32")


def commands(folder, tool, pair):
    """What is run on a pair, by name."""
    files = [str(folder / f"{pair}-{side}.safetensors") for side in "ab"]
    return {
        "read loop": [str(folder / "read_loop"), *files],
        "transect": [tool, "norms", *files, "--threads", "2"],
        "numpy": [sys.executable, str(HERE / "peer_numpy.py"), *files],
        "torch": [sys.executable, str(HERE / "peer_torch.py"), *files],
    }


def seconds(command):
    """Wall time of one process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def medians(runs, rounds):
    """The median time of each, all run in turn in every round."""
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, command in runs.items():
            times[name].append(seconds(command))
    return {name: statistics.median(values) for name, values in times.items()}


def own_memory(command):
    """The most memory a process held that is not pages of files, in MB, sampled."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0

    def sample():
        nonlocal peak
        while process.poll() is None:
            try:
                lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
            except OSError:
                return
            own = [int(line.split()[1]) for line in lines if line.startswith("RssAnon")]
            peak = max([peak, *own])

    thread = threading.Thread(target=sample)
    thread.start()
    process.wait()
    thread.join()
    return peak / 1000


def row(folder, tool, pair, rounds):
    """One line of the table."""
    runs = commands(folder, tool, pair)
    slow = medians({k: runs[k] for k in ("transect", "numpy", "torch")}, max(rounds // 4, 3))
    fast = medians({k: runs[k] for k in ("read loop", "transect")}, rounds)
    memory = own_memory([*runs["transect"], "--memory", "48MB"])
    return (
        f"| {pair} | {fast['read loop'] * 1e3:.0f} ms | {fast['transect'] * 1e3:.0f} ms "
        f"| {fast['transect'] / fast['read loop']:.2f} | {slow['numpy'] / slow['transect']:.1f} "
        f"| {slow['torch'] / slow['transect']:.1f} | {memory:.0f} MB |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tool", default=".build/release/transect")
    parser.add_argument("--rounds", type=int, default=21)
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, median of {arguments.rounds}")
    print("| pair | read loop | transect | times the read loop | numpy / transect "
          "| torch / transect | own memory at --memory 48MB |")
    print("|---|---|---|---|---|---|---|")
    for pair in PAIRS:
        print(row(arguments.folder, arguments.tool, pair, arguments.rounds), flush=True)
    start = medians({"help": [arguments.tool, "--help"]}, arguments.rounds)["help"]
    print(f"\n`transect --help`: {start * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
