"""The programs that sweeps train: tables, going on, and statistics are what a sweep takes them for."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from experiments.sweep.loading import load_sweep
from experiments.sweep.plan import first_candidates, trials_of
from experiments.sweep.programs import PROGRAMS
from experiments.sweep.programs.program import option
from experiments.sweep.statistics import Row, reached, read_rows, whole_rows
from tests.support.sweep_files import write_sweep

pytestmark = pytest.mark.usefixtures("one_thread")

TINY: dict[str, dict[str, Any]] = {
    "gan": {
        "settings": {"limit": 60, "size": 8, "architecture": "lstm", "units": 4, "batch-size": 8},
        "budget": {"epochs": 2},
        "objective": {"statistic": "mmd", "columns": ["generator_loss / discriminator_loss"]},
    },
    "video": {
        "settings": {
            **{"size": 16, "units": 4, "limit": 40, "batch-size": 2, "report-every": 1},
            **{"validation-clips": 3, "animate-every": "", "steps-in": 2, "steps-out": 2},
        },
        "budget": {"steps": 2},
        "objective": {"statistic": "validation_prediction_mse_per_frame"},
    },
    "autoencoder": {
        "settings": {"limit": 40, "layers": [8], "code-size": 4, "batch-size": 8, "schedule": "constant"},
        "budget": {"epochs": 2},
        "objective": {"statistic": "held_out_loss"},
    },
}


def without_time(row: Row) -> str:
    return repr({name: value for name, value in row.items() if name != "seconds"})


@pytest.mark.parametrize("name", TINY)
def test_a_trial_begins_goes_on_and_records_what_is_said(tmp_path: Path, name: str):
    space = {"learning-rate": {"choice": [0.001]}}
    sweep = load_sweep(write_sweep(tmp_path, program=name, space=space, **TINY[name]))
    (candidate,) = first_candidates(sweep)
    (trial,) = trials_of(sweep, [candidate])
    program, settings, folder = sweep.program, sweep.check(candidate), tmp_path / "trial"
    run = import_module(PROGRAMS[name].main).main
    assert not program.begun(folder)
    assert run(sweep.train_words(trial, folder, 1)) == 0
    assert program.begun(folder)
    first = read_rows(folder)
    assert run([*program.go_on(folder), *option(sweep.file.budget.unit, "2")]) == 0
    rows = read_rows(folder)
    assert len(rows) == 2 and set(rows[0]) == {*program.statistics(settings), "seconds"}
    assert without_time(rows[0]) == without_time(*first)
    assert whole_rows(rows, program.rows(settings), ended=False) == rows
    found = reached(sweep, rows)
    assert found["used"] == 2
    assert set(found) == {"used", "objective", *sweep.file.objective.columns}
