"""Sweep files: what is refused, and that the message names file, key and what is near."""

from pathlib import Path

import pytest

from experiments.sweep.loading import check_statistics, load_sweep
from experiments.sweep.plan import first_candidates
from tests.support.quick_sweeps import PROGRAMS
from tests.support.sweep_files import sweep_of, write_sweep
from workbench.errors import SettingsError

RATE = {"rate": {"choice": [0.1]}}
RANGE = {"rate": {"real": [0.1, 1.0]}}
TPE = {"kind": "tpe", "candidates": 4}
HALVING = {"kind": "halving", "candidates": 4, "first": 1}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"serch": {}}, "sweep.toml: serch: unknown key; did you mean search?"),
        ({"search": {"kind": "gird"}}, "search.kind: .*did you mean grid"),
        (
            {"search": {"kind": "tpe", "candidate": 3}},
            "search.candidate: unknown key; did you mean candidates",
        ),
        ({"search": {"kind": "random"}}, r"search: kind = 'random' needs candidates = N"),
        ({"search": {"kind": "grid", "batch": 4}}, "search: batch does nothing for kind = 'grid'"),
        (
            {"search": {"kind": "cma_es", "candidates": 4, "startup": 4}},
            "search: startup does nothing for kind = 'cma_es'",
        ),
        ({"search": {"kind": "halving", "candidates": 4}}, "search: kind = 'halving' needs first = N"),
        ({"space": None}, "space: is missing"),
        ({"space": {}}, "space: is empty: name at least one setting"),
        ({"space": {"raet": {"choice": [1]}}}, "space: unknown key 'raet'; did you mean rate"),
        ({"space": {"rate": {"chioce": [1]}}}, "space.rate.chioce: unknown key; did you mean choice"),
        ({"space": {"rate": {}}}, r"space.rate: give one of choice = \[...\]"),
        ({"space": {"rate": {"choice": []}}}, "space.rate.choice: .*a length of at least 1"),
        ({"space": {"rate": {"choice": [1, 1]}}}, "space.rate: a choice comes twice"),
        ({"space": {"rate": {"real": [2, 1]}}}, r"space.rate: \[2.0, 1.0\] is empty"),
        (
            {"space": {"rate": {"real": [0, 1], "log": True}}},
            "space.rate: a logarithmic range begins above 0",
        ),
        (
            {"space": {"rate": {"real": [0.1, 11]}}},
            "space.rate=11.0: it should be a number above 0, at most 10",
        ),
        ({"space": {"units": {"integer": [1, 2.5]}}}, "space.units.integer.1: it should be a whole number"),
        ({"space": {"kind": {"choice": ["plan"]}}}, "space.kind=plan: .*did you mean plain"),
        ({"space": {"units": {"integer": [1, 9], "log": True}}}, "space.units: a grid needs points = N"),
        ({"space": {"seed": {"choice": [1, 2]}}}, r"space.seed: leave it out: \[seeds\]"),
        ({"space": {"folder": {"choice": ["a"]}}}, "space.folder: leave it out: every trial has a folder"),
        ({"settings": {"epochs": 3}}, r"settings.epochs: leave it out: \[budget\] says it"),
        ({"settings": {"rate": 0.1}}, "space.rate: is given in two places"),
        ({"settings": {"untis": 1}}, "settings: unknown key 'untis'; did you mean units"),
        ({"settings": {"units": 0}}, "settings.units=0: it should be a whole number from 1 to 1000"),
        ({"settings": {"units": {"a": 1}}}, "settings.units: it should be a text, a number"),
        ({"space": {"width": {"choice": [1], "when": {"kind": "wide"}}}}, "kind does not stand above it"),
        (
            {"space": {"kind": {"choice": ["plain"]}, "width": {"choice": [2], "when": {"kind": "wide"}}}},
            "space.width.when: kind is never 'wide'",
        ),
        ({"budget": {}}, "budget: give one of epochs, steps, minutes"),
        ({"budget": {"epochs": 1, "minutes": 2}}, "budget: give one of epochs, steps, minutes"),
        ({"budget": {"epochs": 0}}, "budget.epochs: it should be at least 1"),
        ({"budget": {"steps": 4}}, "budget.steps: quick counts epochs"),
        ({"program": "quikc"}, "program: unknown 'quikc'; did you mean quick"),
        ({"program": "os"}, "program: unknown 'os'; there are quick"),
        (
            {"objective": {"statistic": "lsos"}},
            "objective.statistic: 'lsos' is not recorded; did you mean loss",
        ),
        ({"objective": {"statistic": "loss / ratoi"}}, "'ratoi' is not recorded; did you mean ratio"),
        ({"filters": {"limits": [{"statistic": "loss"}]}}, "filters.limits.0: give above or below"),
        ({"filters": {"limits": [{"statistic": "x", "above": 1}]}}, "filters.limits.0.statistic: 'x' is not"),
        (
            {"filters": {"limits": [{"statistik": "loss", "above": 1}]}},
            "statistik: unknown key; did you mean sta",
        ),
        (
            {"filters": {"forbidden": [{"rat": 1}]}},
            "filters.forbidden.0.rat: is not in the sweep; did you mean",
        ),
        ({"filters": {"forbidden": [{}]}}, "filters.forbidden.0: forbids everything"),
        ({"filters": {"forbidden": [{"rate": [0.1, 0.3]}]}}, "filters: leave nothing of the grid"),
        ({"seeds": 0}, "seeds: it should be at least 1"),
        (
            {"search": {"kind": "cma_es", "candidates": 4}},
            "cma_es knows numbers alone, and rate has a choice",
        ),
        ({"search": {"kind": "cma_es", "candidates": 4}, "space": RANGE}, "cma_es needs two settings"),
        ({"search": {**HALVING, "first": 3}}, "search.first: 3 should be below the budget"),
        ({"search": {**HALVING, "first": 1.5}}, "search.first: give a whole number of epochs"),
        ({"search": HALVING, "settings": {"schedule": "cosine"}}, "schedule=cosine follows its length"),
        (
            {"space": {"width": {"choice": [1, 2]}}},
            "space.width=2: is for kind=wide\n.*width=2: cannot be trained",
        ),
        ({"space": {"width": {"choice": [2, 3]}}, "search": TPE}, "is for kind=wide"),
        ({"search": {"kind": "random", "candidates": 3}}, "3 are asked for, and after 2 no other"),
    ],
)
def test_it_is_refused(tmp_path: Path, parts, message):
    with pytest.raises(ValueError, match=message) as refused:
        first_candidates(sweep_of(tmp_path, **parts))
    assert str(tmp_path / "sweep.toml") in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [(b"program = ", "not TOML"), (b"\xff", "not text in UTF-8"), (b"a" * 1_000_001, "larger than")],
)
def test_what_is_no_sweep_is_refused(tmp_path: Path, text, message):
    path = tmp_path / "sweep.toml"
    path.write_bytes(text)
    with pytest.raises(SettingsError, match=message):
        load_sweep(path, PROGRAMS)


def test_a_missing_file_and_a_name_that_is_no_folder_are_refused(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"none\.toml: cannot read the sweep: No such file"):
        load_sweep(tmp_path / "none.toml", PROGRAMS)
    with pytest.raises(SettingsError, match="name the file by letters"):
        load_sweep(write_sweep(tmp_path, ".. \N{BLACK HEART SUIT}"), PROGRAMS)


def test_a_grid_of_a_million_is_refused_with_its_size_unless_asked_for(tmp_path: Path):
    space = {"rate": {"real": [0.1, 1], "points": 1000}, "units": {"integer": [1, 1000]}}
    with pytest.raises(
        SettingsError, match="the grid has 1,000,000 points, each trained 2 times, and 1,000 is"
    ):
        sweep_of(tmp_path, space=space, seeds=2)
    sweep_of(tmp_path, space=space, search={"kind": "grid", "largest": 10**6})


def test_statistics_of_some_trials_are_enough(tmp_path: Path):
    sweep = sweep_of(tmp_path, objective={"statistic": "loss / ratio"})
    check_statistics(sweep, [sweep.check(each) for each in first_candidates(sweep)])
