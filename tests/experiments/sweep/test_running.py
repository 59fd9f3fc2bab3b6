"""Sweeps that run: results, limits, halving, failures, stopping, going on, refusals."""

import contextlib
import csv
import re
from pathlib import Path
from typing import Any

import pytest

from experiments.engines.local import LocalEngine
from experiments.sweep.supervisor import Supervisor
from experiments.sweep.trials import Trials
from tests.support import patience
from tests.support.quick_sweeps import run
from tests.support.running_sweeps import PRINTED, RECORDS, begin, table, wait_for
from tests.support.sweep_files import sweep_of, write_sweep
from workbench.errors import OperationError
from workbench.records import Store

pytestmark = pytest.mark.usefixtures("folder")


def test_trials_run_in_folders_of_their_own_and_their_results_are_kept(folder: Path, capsys):
    parts: dict[str, Any] = {"seeds": 2, "objective": {"statistic": "loss", "columns": ["ratio / loss"]}}
    path = write_sweep(folder, **parts)
    assert run("run", str(path), "--workers", "2") == 0
    printed = capsys.readouterr().out
    assert "trial-0003  done" in printed and "(4 of 4)" in printed
    for number, candidate, rung, state, reason, statistics in table(folder, **parts):
        text = (folder / f"runs/sweeps/sweep/trial-{number:04}/losses.csv").read_text()
        last = list(csv.DictReader(text.splitlines()))[-1]
        loss, ratio = float(last["loss"]), float(last["ratio"])
        expected = {"objective": loss, "ratio / loss": ratio / loss, "used": 3}
        assert (rung, state, reason, statistics) == (0, "done", "", {0: expected})
        assert candidate == {"rate": [0.1, 0.3][number // 2]}
    assert run("status", str(path)) == 0
    assert capsys.readouterr().out == "sweep     sweep, not running\ntrials    4 done\n"
    assert run("report", str(path)) == 0
    printed = capsys.readouterr().out
    assert "best       quick train --rate 0.3" in printed and "report/best.png" in printed
    assert run("run", str(path)) == 2
    assert "was begun already: `resume` goes on with it" in capsys.readouterr().err


def test_a_limit_ends_a_trial_at_the_row_that_passes_it(folder: Path):
    parts: dict[str, Any] = {
        "space": {"rate": {"choice": [0.1, 2.0]}},
        "budget": {"epochs": 30},
        "filters": {"limits": [{"statistic": "ratio", "above": 5, "rows": 2}]},
    }
    assert run("run", str(write_sweep(folder, **parts))) == 0
    (_, _, _, state, _, reached), (*_, stopped, reason, until) = table(folder, **parts)
    assert (state, reached[0]["used"]) == ("done", 30)
    assert (stopped, reason, until) == ("limited", "ratio above 5", {0: {"used": 4}})


def test_a_trial_that_fails_is_tried_again_and_then_given_up(folder: Path, capsys):
    parts: dict[str, Any] = {"settings": {"breaks-at": 2}, "space": {"rate": {"choice": [0.1]}}, "retries": 1}
    path = write_sweep(folder, **parts)
    assert run("run", str(path)) == 0
    assert table(folder, **parts)[0][3:] == ("failed", "exit status 1: loss is not finite", {})
    log = (folder / "runs/sweeps/sweep/trial-0000/log.txt").read_text()
    assert log.splitlines() == ["loss is not finite"] * 2
    assert "trial-0000  failed  exit status 1: loss is not finite" in capsys.readouterr().out


def test_halving_lets_the_best_go_on_from_where_they_were(folder: Path):
    parts: dict[str, Any] = {
        "space": {"rate": {"choice": [0.1, 0.3, 0.9, 2.0]}},
        "search": {"kind": "halving", "candidates": 4, "first": 2, "factor": 2},
        "budget": {"epochs": 8},
    }
    assert run("run", str(write_sweep(folder, **parts)), "--workers", "2") == 0
    rows = table(folder, **parts)
    by_rate = {candidate["rate"]: (rung, state) for _, candidate, rung, state, *_ in rows}
    assert by_rate == {0.1: (1, "pruned"), 0.3: (2, "done"), 0.9: (0, "pruned"), 2.0: (0, "pruned")}
    best = next(statistics for _, candidate, *_, statistics in rows if candidate["rate"] == 0.3)
    assert [best[rung]["used"] for rung in range(3)] == [2, 4, 8]
    assert best[0]["objective"] > best[1]["objective"] > best[2]["objective"]


def test_suggestions_use_results_of_the_batches_before(folder: Path):
    pytest.importorskip("optuna")
    parts: dict[str, Any] = {
        "space": {"rate": {"real": [0.01, 10], "log": True}},
        "search": {"kind": "tpe", "candidates": 4, "batch": 2},
    }
    assert run("run", str(write_sweep(folder, **parts)), "--workers", "2") == 0
    assert [row[3] for row in table(folder, **parts)] == ["done"] * 4


def test_a_sweep_is_stopped_goes_on_and_cannot_be_run_twice_at_once(folder: Path, capsys):
    parts: dict[str, Any] = {"settings": {"pause": 0.05}, "budget": {"epochs": 200}}
    path = folder / "sweep.toml"
    write_sweep(folder, **parts)
    process = begin("run", path)
    wait_for(folder / "runs/sweeps/sweep/trial-0000/state.json", process)
    assert run("resume", str(path)) == 2
    assert "is running this sweep; wait for it" in capsys.readouterr().err
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    with contextlib.chdir(elsewhere):  # another folder of the same sweep
        assert run("resume", str(path), "--records", str(folder / RECORDS)) == 2
    assert "records.sqlite: process" in capsys.readouterr().err
    assert run("status", str(path)) == 0
    said = (
        r"sweep     sweep, running\ntrials    1 waiting, 1 running\ntrial-0000  running  \d+ of 200 epochs\n"
    )
    assert re.fullmatch(said, capsys.readouterr().out)
    assert run("stop", str(path)) == 0
    assert process.wait(patience.SECONDS) == 130
    assert "resume" in PRINTED.read_text()
    assert [row[3] for row in table(folder, **parts)] == ["waiting"] * 2
    assert run("stop", str(path)) == 2
    assert "nobody runs this sweep" in capsys.readouterr().err


def test_a_worker_that_fails_ends_the_sweep(folder: Path):
    sweep = sweep_of(folder)
    with Store.open(RECORDS, create=True) as store:
        trials = Trials.begin(store, sweep)
        supervisor = Supervisor(sweep, trials, LocalEngine(1), ["-c", "raise SystemExit(2)"], print)
        with pytest.raises(OperationError, match="a worker failed, as it says above: `resume` tries again"):
            supervisor.run(1)


def test_another_file_and_another_sweep_are_refused(folder: Path, capsys):
    path = write_sweep(folder, budget={"epochs": 1})
    assert run("resume", str(path), "--records", "none.sqlite") == 2
    assert "there is none yet" in capsys.readouterr().err
    assert run("run", str(path)) == 0
    write_sweep(folder, budget={"epochs": 2})
    capsys.readouterr()
    assert run("resume", str(path)) == 2
    assert "says another budget than when the sweep was begun" in capsys.readouterr().err
    assert run("resume", str(write_sweep(folder, "other"))) == 2
    assert "no sweep called other was begun: `run` begins it" in capsys.readouterr().err
    assert run("run", str(path), "--overwrite") == 0
    assert table(folder, budget={"epochs": 2})[0][5][0]["used"] == 2
    assert run("run", str(path), "--records", "another.sqlite") == 2
    assert "trial-0000: is of a sweep that another.sqlite does not know" in capsys.readouterr().err
    assert (folder / "runs/sweeps/sweep/trial-0000/losses.csv").exists()
    assert run("run", str(path), "--records", "off") == 2
    assert "a sweep keeps its trials in a records file" in capsys.readouterr().err
