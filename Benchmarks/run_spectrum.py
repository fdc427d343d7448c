"""Times `transect spectrum` against a pure read loop, torch and numpy, and prints Markdown.

    python run_spectrum.py FOLDER [--rounds 5] [--threads 2]

`transect` and the read loop are timed as whole processes, the peers without their imports, though
CPU times and memory have them. Programs take turns, so that what else the machine does falls on all
of them; medians over the rounds, and medians of the ratios within a round. Settings of OpenBLAS are
taken out of the environment of all, but for one row of transect's with kernels for AVX2. On a busy
machine the peers' threads spin while they wait for each other: take --threads 1 and compare CPU times.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

from run import anonymous_peak

HERE = pathlib.Path(__file__).parent
OURS, OURS_AVX2, READING = "transect", "transect, AVX2 kernels", "read loop"
AVX2 = ["env", "OPENBLAS_CORETYPE=Haswell"]
PEERS = {
    "torch svdvals, F32": ["torch"], "torch, wte by its Gram matrix": ["torch", "gram"],
    "numpy svd, F64": ["numpy"], "numpy, wte by its Gram matrix": ["numpy", "gram"],
}
HEADER = f"""\
| program | wall, median | least | CPU, median | its time / {OURS}'s | / that with AVX2 | peak RSS | of it anonymous |
|---|--:|--:|--:|--:|--:|--:|--:|"""


def commands(arguments):
    """What is run, by name."""
    files = [str(arguments.folder / f"{arguments.pair}-{side}.safetensors") for side in "ab"]
    ours = [arguments.tool, "spectrum", *files, "--threads", arguments.threads]
    peer = [sys.executable, str(HERE / "peer_spectrum.py")]
    return {
        READING: [str(arguments.folder / "read_loop"), *files], OURS: ours,
        f"{OURS}, --io pread": [*ours, "--io", "pread"], OURS_AVX2: [*AVX2, *ours],
    } | {name: [*peer, library, *files, *options] for name, (library, *options) in PEERS.items()}


def run(command, whole):
    """One process: wall seconds, those it prints unless `whole`; CPU seconds, peak RSS in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6
    return (wall if whole else float(output)), cpu, peak


def row(name, results, anonymous):
    """A line of the table."""
    walls, cpus, peaks = zip(*results[name])
    ratios = [
        statistics.median(theirs[0] / ours[0] for theirs, ours in zip(results[name], results[base]))
        for base in (OURS, OURS_AVX2)]
    return (f"| {name} | {statistics.median(walls):.2f} s | {min(walls):.2f} s "
            f"| {statistics.median(cpus):.2f} s | {ratios[0]:.2f} | {ratios[1]:.2f} "
            f"| {max(peaks):.0f} MB | {anonymous:.0f} MB |")


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tool", default=str(HERE.parent / ".build/release/transect"))
    parser.add_argument("--pair", default="distil-f32")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default="2")
    arguments = parser.parse_args()
    for setting in [name for name in os.environ if name.startswith("OPENBLAS_")]:
        del os.environ[setting]
    os.environ |= {f"{library}_NUM_THREADS": arguments.threads for library in ("OMP", "OPENBLAS")}
    programs = commands(arguments)
    results = {name: [] for name in programs}
    print(f"Load {os.getloadavg()[0]:.1f} at the start", end="", flush=True)
    for _ in range(arguments.rounds):
        for name, command in programs.items():
            results[name].append(run(command, whole=name not in PEERS))
    print(f", {os.getloadavg()[0]:.1f} at the end, {arguments.rounds} rounds, "
          f"{arguments.threads} threads.\n\n{HEADER}", flush=True)
    for name, command in programs.items():
        print(row(name, results, anonymous_peak(command)), flush=True)


if __name__ == "__main__":
    main()
