"""Jobs that run: their limits on memory and time, their losses, and whether they get anywhere."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.queue.process_memory import memory_of, processes_of
from experiments.queue.watching import Watching
from nn.byte_sizes import MEBIBYTE
from tests.support.made_up_jobs import made_up_job
from tests.support.patience import wait_until


class Watched:
    """A job whose processes and clock are made up."""

    def __init__(self, folder: Path, **terms: Any) -> None:
        self.folder, self.taken, self.now = folder, 0, 0.0
        self.log = folder / "log.txt"
        job = made_up_job(folder=folder, **terms)
        self.watching = Watching(job, 7, self.log, lambda group, above: self.taken, lambda: self.now)

    def after(self, seconds: float) -> str | None:
        """Return the verdict after some seconds, in which it is asked again and again."""
        verdict, until = None, self.now + seconds
        while self.now < until and verdict is None:
            self.now += 1
            verdict = self.watching.verdict()
        return verdict

    def write(self, *losses: str) -> None:
        rows = "".join(f"{number},{loss}\n" for number, loss in enumerate(losses))
        (self.folder / "losses.csv").write_text(f"epoch,loss\n{rows}")


def test_a_job_without_limits_goes_on(tmp_path: Path):
    watched = Watched(tmp_path)
    watched.taken = 2**60
    assert watched.after(10_000) is None


def test_memory_above_the_limit(tmp_path: Path):
    watched = Watched(tmp_path, memory_mib=100)
    watched.taken = 100 * MEBIBYTE
    assert watched.after(5) is None
    watched.taken = 150 * MEBIBYTE
    assert watched.after(1) == "took 150.0 MiB of memory, above its limit of 100.0 MiB"


def test_time_above_the_limit(tmp_path: Path):
    watched = Watched(tmp_path, minutes=1.5)
    assert watched.after(90) is None
    assert watched.after(1) == "ran for more than 1.5 minutes, its limit"


def test_what_the_machine_slept_does_not_count(tmp_path: Path):
    watched = Watched(tmp_path, minutes=2, silent_minutes=1)
    watched.now += 100_000
    assert watched.after(30) is None
    assert watched.after(100) == "no progress for 1 minute: no new row in losses.csv, and nothing printed"


def test_rows_and_lines_are_progress(tmp_path: Path):
    watched = Watched(tmp_path, silent_minutes=1)
    assert watched.after(50) is None
    watched.write("1")
    assert watched.after(50) is None
    watched.log.write_text("epoch 2")
    assert watched.after(61) is None
    assert str(watched.after(1)).startswith("no progress for 1 minute")


def test_a_new_row_with_a_loss_that_is_not_finite(tmp_path: Path):
    watched = Watched(tmp_path)
    watched.write("1")
    assert watched.after(5) is None
    watched.write("1", "nan")
    assert watched.after(1) == "loss is nan in row 2 of losses.csv"


def test_rows_of_an_earlier_start_are_not_held_against_a_job(tmp_path: Path):
    (tmp_path / "losses.csv").write_text("epoch,loss\n1,nan\n")
    assert Watched(tmp_path).after(5) is None


CHILDREN = """
import os, sys, time
held = bytearray(os.urandom(1)) * (40 * 2**20)
for number in range(2):
    if os.fork() == 0:
        if number == 1:
            os.setsid()  # a group of its own
        time.sleep(1000)
print("ready", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def group() -> Iterator[int]:
    """A process with 40 MiB and two forked children, one of which is a group of its own."""
    words = [sys.executable, "-c", CHILDREN]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        for each in processes_of(process.pid):
            each.kill()
        process.wait()
        process.stdout.close()


def test_memory_that_processes_share_counts_once_where_it_matters(group: int):
    assert len(processes_of(group)) == 3
    assert memory_of(group, above=2**60) > 120 * MEBIBYTE  # as the system says of each
    assert 40 * MEBIBYTE < memory_of(group) < 100 * MEBIBYTE
    for each in processes_of(group):
        each.kill()
    wait_until(lambda: memory_of(group) == 0)
