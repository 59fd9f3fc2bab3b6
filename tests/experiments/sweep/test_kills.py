"""Sweeps that are killed: nothing is lost, nothing is done twice at once, and the table has the same bits."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import patience
from tests.support.quick_sweeps import run
from tests.support.running_sweeps import RECORDS, begin, run_with_kills, table, wait_for
from tests.support.sweep_files import write_sweep
from workbench.records import Store

pytestmark = pytest.mark.usefixtures("folder")

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "exhaustive"
"""In `make test-all`: forty trials and a hundred kills."""

KILLS = 100 if THOROUGH else 4

RATES = [0.1, 2.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.2]

PARTS: dict[str, Any] = {
    "seeds": 4 if THOROUGH else 2,
    "retries": 1000,
    "settings": {"pause": 0.05},
    "space": {
        "rate": {"choice": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 2.0] if THOROUGH else [0.1, 2.0]}
    },
    "budget": {"epochs": 8},
    "filters": {"limits": [{"statistic": "ratio", "above": 9}]},
}

HALVING: dict[str, Any] = {
    **PARTS,
    "space": {"rate": {"real": [0.01, 10], "log": True}, "units": {"integer": [1, 100]}},
    "search": {"kind": "halving", "candidates": 9 if THOROUGH else 3, "first": 2, "factor": 3},
}


thorough = pytest.mark.skipif(not THOROUGH, reason="takes minutes: make test-all")


@pytest.mark.parametrize("parts", [PARTS, pytest.param(HALVING, marks=thorough)], ids=["grid", "halving"])
def test_the_table_is_the_same_to_the_bit(folder: Path, parts: dict[str, Any]):
    quiet = {**parts, "settings": {}}
    assert run("run", str(write_sweep(folder, "quiet", **quiet))) == 0
    path = write_sweep(folder, "killed", **parts)
    run_with_kills(path, KILLS, 0, workers=2)
    assert table(folder, "killed", **parts) == table(folder, "quiet", **quiet)
    assert not list(folder.rglob("two at once"))


@thorough
def test_records_that_are_locked_for_half_a_minute_are_waited_for(folder: Path):
    path = write_sweep(folder, **PARTS)
    process = begin("run", path, "--workers", "2")
    wait_for(folder / "runs/sweeps/sweep/trial-0001/losses.csv", process)
    with Store.open(RECORDS, patience=30) as store, store.writing():
        time.sleep(30)
    assert process.wait(patience.SECONDS) == 0
    assert {row[3] for row in table(folder, **PARTS)} == {"done", "limited"}
