"""Sweeps as jobs."""

import signal
from pathlib import Path

from tests.support import patience
from tests.support.quick_queue import run
from tests.support.running_queue import PRINTED, begin_worker, job, states, wait_for
from tests.support.running_sweeps import table
from tests.support.sweep_files import write_sweep


def test_a_sweep_is_a_job_that_is_stopped_and_goes_on(folder: Path, capsys):
    parts = {"settings": {"pause": 0.02}, "budget": {"epochs": 40}}
    path = write_sweep(folder, **parts)
    assert run("submit", "sweep", "run", path.name, "--workers", "2") == 0
    assert job(1).words == ("run", "sweep.toml", "--workers", "2")
    process = begin_worker()
    wait_for((folder / "runs/sweeps/sweep/trial-0001/state.json").exists, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(patience.SECONDS) == 130, PRINTED.read_text()
    assert (states(), job(1).attempts) == ({1: "waiting"}, 0)
    assert run("worker", "--until-empty") == 0
    assert (states(), job(1).attempts) == ({1: "done"}, 0)
    assert [row[3] for row in table(folder, **parts)] == ["done", "done"]
    log = (job(1).folder / "log.txt").read_text()
    assert "stopped; `python -m experiments sweep resume" in log and "(2 of 2)" in log
