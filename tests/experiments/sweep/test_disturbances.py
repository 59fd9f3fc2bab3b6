"""Sweeps that are killed while the disk is full, records are locked, clock and name of the machine change.

Nothing is lost, nothing is done twice at once, and the table has the same bits as that of a quiet run.
"""

import errno
import itertools
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from experiments.sweep.attempt import ROOM
from tests.support.patience import wait_until
from tests.support.quick_elsewhere import launcher, move
from tests.support.quick_sweeps import LAUNCHER, run
from tests.support.running_sweeps import RECORDS, descendants, run_with_kills, table
from tests.support.sweep_files import write_sweep
from workbench.records import Store

pytestmark = pytest.mark.usefixtures("folder")

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "exhaustive"
"""In `make test-all`: forty trials and a hundred kills."""

KILLS = 100 if THOROUGH else 2

WORKERS = 2

LOCKED_SECONDS = 30

YEAR = 365 * 24 * 3600.0

PARTS: dict[str, Any] = {
    "seeds": 4 if THOROUGH else 2,
    "retries": 1000,
    "settings": {"pause": 0.1},
    "space": {"rate": {"choice": [0.1 * number for number in range(1, 11)] if THOROUGH else [0.1, 0.3]}},
    "budget": {"epochs": 8},
}

thorough = pytest.mark.skipif(not THOROUGH, reason="takes minutes: make test-all")


def check(folder: Path, disturb: Callable[[int], None], launcher: tuple[str, ...] = LAUNCHER) -> None:
    """Check that a disturbed sweep has the table of a quiet one."""
    quiet = {**PARTS, "settings": {}}
    assert run("run", str(write_sweep(folder, "quiet", **quiet))) == 0
    path = write_sweep(folder, "disturbed", **PARTS)
    run_with_kills(path, KILLS, 0, WORKERS, disturb, launcher)
    assert table(folder, "disturbed", **PARTS) == table(folder, "quiet", **quiet)
    assert not list(folder.rglob("two at once"))


def test_the_clock_is_set_back_and_the_machine_gets_other_names(folder: Path):
    turns, where = itertools.count(), folder / "where"

    def change(process: int) -> None:
        turn = next(turns)
        move(where, -YEAR * turn, f"machine {turn}")

    change(0)
    check(folder, change, launcher(where))


@thorough
def test_records_are_locked_for_half_a_minute(folder: Path):
    turns = itertools.count()

    def lock(process: int) -> None:
        if next(turns) == 10:
            with Store.open(RECORDS, patience=60) as store, store.writing():
                time.sleep(LOCKED_SECONDS)

    check(folder, lock)


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own for the folder of runs, with a little more room than a trial needs to begin."""
    disk = folder / "runs"
    disk.mkdir()
    size = f"size={ROOM + 2**25}"
    words = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(path: Path) -> None:
    """Fill a disk by a file."""
    with path.open("wb", buffering=0) as file:
        block = bytes(2**20)
        while block:
            try:
                file.write(block)
            except OSError as error:
                assert error.errno == errno.ENOSPC
                block = block[: len(block) // 2]


def trains(supervisor: int) -> bool:
    return len(descendants(supervisor)) > WORKERS + 1


def has_ended(process: int) -> bool:
    return psutil.Process(process).status() == psutil.STATUS_ZOMBIE  # until it is waited for


def test_the_disk_is_full(folder: Path, small_disk: Path):
    turns = itertools.count()

    def fill_for_a_while(process: int) -> None:
        if next(turns) % 10 == 0:
            wait_until(lambda: trains(process) or has_ended(process))
            fill(small_disk / "filler")
            wait_until(lambda: not trains(process))  # all have failed
            (small_disk / "filler").unlink()

    check(folder, fill_for_a_while)
