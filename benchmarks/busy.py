"""Training beside other programs: on one thread, on all, and on as many as kernels choose while they run.

    python -m benchmarks.busy

The other programs use a core each, and are started here. The three take turns, and the medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numba
import numpy as np

from benchmarks.environment import this_environment
from benchmarks.markers import write_between_markers
from benchmarks.row import STEP, Call
from benchmarks.rows.dense import build_stack
from benchmarks.rows.graph import build_random_graph
from benchmarks.rows.local import AUTOENCODER, IMAGE, build_autoencoder
from benchmarks.tables import LEFT
from benchmarks.training_row import Training, training_row
from networks import FAMILIES, Network
from nn import SequenceShape
from nn.threads import threads
from workbench.tables import markdown_table, text_table

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
BEGINNING = 0.5
"""Seconds in which other programs start up."""

TOP = "o2"

HEADINGS = ("training", "cores in use", "steps/s, 1 thread", "all threads", "chosen", "of the best", "spread")


def main() -> int:
    """Measure, and print or write a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.busy", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a turn (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each (default %(default)s)")
    parser.add_argument("--cores", default="0,1,2", help="that other work uses (default %(default)s)")
    parser.add_argument("--only", default="", metavar="NAME", help="a training with this in its name")
    parser.add_argument("--write", action="store_true", help=f"write the table into {DOCUMENT.name}")
    options = parser.parse_args()
    steps = {name: _step(make()) for name, make in TRAININGS.items() if options.only in name}
    table = []
    for busy in map(int, options.cores.split(",")):
        with other_work(busy):
            for name, step in steps.items():
                table.append([name, str(busy), *_compare(step, options.seconds, options.repeats)])
                print(" ".join(table[-1]), flush=True)
    print(f"\n{text_table([HEADINGS, *table], LEFT)}\n{this_environment()}")
    if options.write:
        write_between_markers(DOCUMENT, "busy", f"{markdown_table(HEADINGS, table)}\n\n{this_environment()}.")
    return 0


def _recurrent(rung: str) -> Network:
    generator = np.random.default_rng(0)
    network: Network = FAMILIES["lstm"].rungs[rung](SequenceShape(28, 28), units=128, generator=generator)
    return network


def _training(name: str, histories: int, build: Callable[[str], Network], autoencoder: bool = False) -> Call:
    row = training_row(name, name, histories, Training(build, autoencoder=autoencoder))
    return row.enter([TOP]).rungs[TOP][STEP]


TRAININGS: dict[str, Callable[[], Call]] = {
    "dense 784-256-64-32-64-256-784": lambda: _training(
        "dense", 64, partial(build_stack, (784, 256, 64, 32, 64, 256, 784)), True
    ),
    "local 64x64x3 > 32x32x8 > 16x16x16 and back": lambda: _training(
        "local", 32, partial(build_autoencoder, IMAGE, AUTOENCODER), True
    ),
    "LSTM, 28 steps of 28 to 128 units": lambda: _training("lstm", 64, _recurrent),
    "graph, 20,000 neurons x 50": lambda: _training("graph", 32, partial(build_random_graph, 20_000, 50)),
}


def _step(step: Call) -> Call:
    """Compile everything that a step runs, on one thread and on all."""
    for count in (1, numba.config.NUMBA_NUM_THREADS):
        threads.use(count)
        step()
    return step


def _compare(step: Call, seconds: float, repeats: int) -> list[str]:
    """Return steps a second in three ways, and those of the third as a part of the best of the others.

    The ratio is of neighbouring turns: other load on the machine comes and goes for minutes.
    """
    ways: dict[str, Callable[[], None]] = {
        "one": partial(threads.use, 1),
        "all": partial(threads.use, numba.config.NUMBA_NUM_THREADS),
        "chosen": threads.adapt,
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    with threads.restored():
        for _ in range(repeats):
            for name, choose in ways.items():
                choose()
                rates[name].append(_rate(step, seconds))
    one, every, chosen = (statistics.median(each) for each in rates.values())
    best = rates["one" if one > every else "all"]
    part = statistics.median(mine / other for mine, other in zip(rates["chosen"], best, strict=True))
    spread = (max(rates["chosen"]) - min(rates["chosen"])) / chosen
    return [f"{one:,.0f}", f"{every:,.0f}", f"{chosen:,.0f}", f"{part:.2f}", f"{spread:.0%}"]


def _rate(step: Call, seconds: float) -> float:
    step()
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        step()
        count += 1
    return count / (time.perf_counter() - begin)


@contextmanager
def other_work(cores: int) -> Iterator[None]:
    """Run programs that use that many cores."""
    command: Sequence[str] = (sys.executable, "-c", "while True: pass")
    programs = [subprocess.Popen(command) for _ in range(cores)]
    try:
        time.sleep(BEGINNING)
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


if __name__ == "__main__":
    raise SystemExit(main())
