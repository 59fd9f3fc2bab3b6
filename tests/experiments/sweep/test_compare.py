"""Kinds of search beside each other: what runs, what is gone on with, the table, the curves, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from experiments.sweep.compare_command import at, common, table_rows
from experiments.sweep.loading import load_sweep
from experiments.sweep.trials import Trials
from experiments.sweep.variant import Variant
from tests.support.quick_sweeps import PROGRAMS, run
from tests.support.running_sweeps import RECORDS
from tests.support.sweep_files import write_sweep
from workbench.errors import SettingsError
from workbench.records import Store

pytestmark = pytest.mark.usefixtures("folder")

PARTS: dict[str, Any] = {
    "space": {"rate": {"real": [0.01, 10], "log": True}},
    "search": {"kind": "tpe", "candidates": 4, "batch": 2},
    "budget": {"epochs": 1},
}


def test_searches_run_seed_by_seed_and_are_not_run_again(folder: Path, capsys):
    pytest.importorskip("optuna")
    path = write_sweep(folder, **PARTS)
    assert run("compare", str(path), "--seeds", "2") == 0
    first = capsys.readouterr().out
    names = [line for line in first.split("\n") if line.startswith("sweep-")]
    assert names == ["sweep-random-0", "sweep-tpe-0", "sweep-random-1", "sweep-tpe-1"]
    assert first.count("(4 of 4)") == 4
    compared = folder / "runs/sweeps/sweep-compared"
    table = (compared / "compared.md").read_text()
    best = {}
    with Store.open(folder / RECORDS) as store:
        for name in names:
            sweep = load_sweep(path, PROGRAMS, Variant.parse(name.removeprefix("sweep-")))
            rows = Trials.find(store, sweep).rows()
            best[name] = min(row.statistics[0]["objective"] for row in rows)
    assert f"{np.mean([best['sweep-tpe-0'], best['sweep-tpe-1']]):.5g} ±" in table
    assert best["sweep-random-0"] != best["sweep-random-1"]
    with Image.open(compared / "compared.png") as picture:
        assert len(picture.getcolors(10**6)) > 50
    assert run("compare", str(path), "--seeds", "2") == 0
    again = capsys.readouterr().out
    assert "(4 of 4)" not in again
    assert again.split("\n\n")[1] == first.split("\n\n")[1]


def test_the_best_is_compared_where_all_have_got(folder: Path):
    short = np.array([1.0, 2, 3, 4]), np.array([5.0, 4, 4, 2])
    late = np.array([2.0, 4]), np.array([3.0, 1])
    places = [places.tolist() for places, _ in common([short, late])]
    assert places == [[2, 3, 4]] * 2
    assert at(late, np.array([2.0, 3, 4])).tolist() == [3, 3, 1]
    rows = table_rows({"random": [short, late]})
    assert rows == [
        ["search", "best after 1", "best after 2", "best after 4"],
        ["random", "", "3.5 ± 0.71", "1.5 ± 0.71"],
    ]


@pytest.mark.parametrize("search", [{"kind": "grid"}, {"kind": "halving", "candidates": 4, "first": 1}])
def test_a_search_without_a_number_of_candidates_is_refused(folder: Path, search: dict[str, Any], capsys):
    path = write_sweep(folder, **{**PARTS, "search": search})
    assert run("compare", str(path)) == 2
    assert f"{path}: search.kind: is {search['kind']!r}: to compare searches" in capsys.readouterr().err
    with pytest.raises(SettingsError, match="to compare searches"):
        load_sweep(path, PROGRAMS, Variant("random", 0))


def test_one_is_the_sweep_of_its_file_with_another_search_and_seed(folder: Path):
    path = write_sweep(folder, **{**PARTS, "search": {**PARTS["search"], "startup": 3}})
    sweep = load_sweep(path, PROGRAMS, Variant.parse("random-3"))
    assert (sweep.name, sweep.file.seed, sweep.file.search.kind) == ("sweep-random-3", 3, "random")
    assert sweep.file.search.candidates == 4
    assert load_sweep(path, PROGRAMS, Variant("tpe", 0)).file.search == load_sweep(path, PROGRAMS).file.search


@pytest.mark.parametrize(
    ("epochs", "candidates", "first", "count"),
    [(6, 40, 1, 121), (9, 10, 1, 40), (27, 16, 3, 62), (2, 1, 1, 1)],
)
def test_a_halving_costs_no_more_and_tries_as_many_as_that_allows(
    folder: Path, epochs: int, candidates: int, first: int, count: int
):
    search = {**PARTS["search"], "candidates": candidates}
    path = write_sweep(folder, **{**PARTS, "search": search, "budget": {"epochs": epochs}})
    found = load_sweep(path, PROGRAMS, Variant("halving", 0)).file.search
    assert (found.kind, found.first, found.candidates) == ("halving", first, count)
    assert found.cost(epochs) <= candidates * epochs


def test_a_budget_that_cannot_be_halved_is_refused(folder: Path):
    with pytest.raises(SettingsError, match=r"search\.first: 1 should be below the budget"):
        load_sweep(write_sweep(folder, **PARTS), PROGRAMS, Variant("halving", 0))
