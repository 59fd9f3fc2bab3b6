"""Sweeps of the quick program that run in processes of their own, and what became of their trials."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from experiments.sweep.trials import Trials
from tests.support import patience
from tests.support.quick_sweeps import LAUNCHER
from tests.support.sweep_files import sweep_of
from workbench.records import Store

RECORDS = Path("runs/records.sqlite")
PRINTED = Path("printed.txt")

BEFORE_WORK = 0.05
"""Probability of a kill, whenever one could be, before the first training is begun."""


def table(folder: Path, name: str = "sweep", **parts: Any) -> list[tuple[Any, ...]]:
    """Return the trials as a report shows them: all but who ran them, and how often."""
    with Store.open(RECORDS) as store:
        rows = Trials.find(store, sweep_of(folder, name=name, **parts)).rows()
    return [(row.number, row.candidate, row.rung, row.state, row.reason, row.statistics) for row in rows]


def begin(command: str, path: Path, *more: str, launcher: Sequence[str] = LAUNCHER) -> subprocess.Popen[str]:
    """Begin `run`, `resume` or `work` in a process of its own; what it prints goes to a file."""
    words = [sys.executable, *launcher, command, str(path), *more]
    with PRINTED.open("a") as printed:
        return subprocess.Popen(words, text=True, stdout=printed, stderr=printed)


def wait_for(what: Path, process: subprocess.Popen[str]) -> None:
    given_up = time.monotonic() + patience.SECONDS
    while not what.exists():
        assert process.poll() is None, PRINTED.read_text()
        assert time.monotonic() < given_up
        time.sleep(0.01)


def descendants(process: int) -> list[int]:
    """Return the numbers of a process, of those it has started, and of those they have."""
    try:
        found = [each.read_text() for each in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        return []
    if not found:
        return []
    children = " ".join(found).split()
    return [process, *(each for child in children for each in descendants(int(child)))]


def run_with_kills(
    path: Path,
    kills: int,
    seed: int,
    workers: int,
    disturb: Callable[[int], None] = lambda process: None,
    launcher: Sequence[str] = LAUNCHER,
) -> None:
    """Run a sweep to its end, and kill its supervisor, workers and trainings at random moments until then.

    Parameters
    ----------
    path
        Of the sweep's file.
    kills
        How many, in the order that a seed says.
    seed, workers
        Of the kills, and of the sweep.
    disturb
        Is called before each kill with the supervisor's number.
    launcher
        Words after Python's that start the program.
    """
    generator = random.Random(seed)
    process = begin("run", path, "--workers", str(workers), launcher=launcher)
    while process.poll() is None and kills:
        time.sleep(generator.uniform(0, 1))
        disturb(process.pid)
        alive = descendants(process.pid)
        at_work = len(alive) > workers + 1  # a training too
        if len(alive) == 1 or not (at_work or generator.random() < BEFORE_WORK):
            continue
        victim = generator.choice(alive)
        kills -= kill(victim)
        if victim == process.pid:
            process.wait()
            process = begin("resume", path, "--workers", str(workers), launcher=launcher)
    assert process.wait(patience.SECONDS) == 0, PRINTED.read_text()


def kill(number: int) -> bool:
    """Kill a process; return False where it has ended already."""
    try:
        os.kill(number, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
