"""Times `transect spectrum` against torch and numpy, and prints Markdown.

    python run_spectrum.py FOLDER [--rounds 5] [--threads 2]

`transect` is timed as a whole process, the peers without their imports. Programs take turns, so
that what else the machine does falls on all of them; medians over the rounds. On a busy machine the
peers' threads spin while they wait for each other: take --threads 1 and compare CPU times.
"""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
PEERS = {
    "torch svdvals, F32": ["torch"], "torch, wte by its Gram matrix": ["torch", "gram"],
    "numpy svd, F64": ["numpy"], "numpy, wte by its Gram matrix": ["numpy", "gram"],
}


def seconds(command, whole, threads):
    """Wall time of a process, or what it prints; and its CPU time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    limits = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    output = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | limits).stdout
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (wall if whole else float(output)), cpu


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tool", default=str(HERE.parent / ".build/release/transect"))
    parser.add_argument("--pair", default="distil-f32")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default="2")
    arguments = parser.parse_args()
    files = [str(arguments.folder / f"{arguments.pair}-{side}.safetensors") for side in "ab"]
    programs = {"transect": [arguments.tool, "spectrum", *files, "--threads", arguments.threads]}
    for name, (library, *options) in PEERS.items():
        programs[name] = [sys.executable, str(HERE / "peer_spectrum.py"), library, *files, *options]
    results = {name: [] for name in programs}
    print(f"Load {os.getloadavg()[0]:.1f} at the start", end="", flush=True)
    for _ in range(arguments.rounds):
        for name, command in programs.items():
            results[name].append(seconds(command, name == "transect", arguments.threads))
    print(f", {os.getloadavg()[0]:.1f} at the end, {arguments.rounds} rounds, {arguments.threads} threads.\n")
    print("| program | wall, median | least | CPU, median | its time / transect's |")
    print("|---|--:|--:|--:|--:|")
    walls = {name: [wall for wall, _ in runs] for name, runs in results.items()}
    for name, runs in results.items():
        ratio = statistics.median(
            [peer / ours for peer, ours in zip(walls[name], walls["transect"])])
        print(f"| {name} | {statistics.median(walls[name]):.2f} s | {min(walls[name]):.2f} s | "
              f"{statistics.median([cpu for _, cpu in runs]):.2f} s | {ratio:.2f} |")


if __name__ == "__main__":
    main()
