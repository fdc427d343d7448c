"""Times `transect norms` against a pure read loop, numpy and torch, and prints Markdown.

Whole processes on a warm page cache: before each of them the read loop runs once, untimed, since
some machines drop pages of files that were not read for a while. In every round each program runs
once, one after the other, so that what else the machine does falls on all of them; medians over
the rounds, and the medians of the ratios within a round. The peers, which take seconds, run in
every few rounds.
"""
import argparse
import datetime
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
PAIRS = ("distil-f32", "large-bf16", "large-f32")
SMALL_MEMORY = ("--memory", "48MB")
HEADER = """\
| pair | program | wall, median | least | CPU, median | its time / transect's | peak RSS | of it anonymous |
|---|---|--:|--:|--:|--:|--:|--:|"""


def commands(folder, tool, pair):
    """What is run on a pair, by name."""
    files = [str(folder / f"{pair}-{side}.safetensors") for side in "ab"]
    return {
        "transect": [tool, "norms", *files, "--threads", "2", *SMALL_MEMORY],
        "read loop": [str(folder / "read_loop"), *files],
        "numpy": [sys.executable, str(HERE / "peer_numpy.py"), *files],
        "torch": [sys.executable, str(HERE / "peer_torch.py"), *files],
    }


def run(command):
    """One process: wall seconds, CPU seconds, peak RSS in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def measure(programs, rounds, peers_every):
    """Results of each program, `None` in rounds that it sits out."""
    results = {name: [] for name in programs}
    for turn in range(rounds):
        for name, command in programs.items():
            if name in ("numpy", "torch") and turn % peers_every != 0:
                results[name].append(None)
                continue
            run(programs["read loop"])  # fills the page cache
            results[name].append(run(command))
    return results


def anonymous_peak(command):
    """The most memory a process held that is not pages of files, in MB, sampled all the time."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    status = pathlib.Path(f"/proc/{process.pid}/status")
    peak = 0
    while process.poll() is None:
        lines = status.read_text().splitlines()
        peak = max([peak, *(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))])
    return peak * 1024 / 1e6


def rows(pair, results, programs):
    """Lines of the table, one for each program."""
    for name, runs in results.items():
        walls, cpus, peaks = zip(*filter(None, runs))
        ratios = [a[0] / b[0] for a, b in zip(runs, results["transect"]) if a]
        yield (
            f"| {pair} | {name} | {milliseconds(statistics.median(walls))} "
            f"| {milliseconds(min(walls))} | {milliseconds(statistics.median(cpus))} "
            f"| {statistics.median(ratios):.2f} | {max(peaks):.0f} MB "
            f"| {anonymous_peak(programs[name]):.0f} MB |")


def milliseconds(seconds):
    """Seconds as a table shows them."""
    return f"{seconds * 1e3:.0f} ms"


def processor():
    """What the CPU calls itself."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "unknown")


def load():
    """Programs that want to run, on average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def main():
    """Runs everything and prints the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="holds the pairs and read_loop")
    parser.add_argument("--tool", default=".build/release/transect")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--peers-every", type=int, default=4, help="rounds between runs of peers")
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=PAIRS)
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {processor()}, {os.cpu_count()} CPUs, "
          f"{arguments.rounds} rounds, load at start {load()}\n\n{HEADER}")
    for pair in arguments.pairs:
        programs = commands(arguments.folder, arguments.tool, pair)
        results = measure(programs, arguments.rounds, arguments.peers_every)
        print(*rows(pair, results, programs), sep="\n", flush=True)
    starts = [run([arguments.tool, "--help"])[0] for _ in range(arguments.rounds)]
    print(f"\n`transect --help`: median {statistics.median(starts) * 1e3:.1f} ms. "
          f"Load at end {load()}.")


if __name__ == "__main__":
    main()
