"""Reports: who stands where, the spread over seeds, pictures, the winner's command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from experiments.sweep.importance import importances
from experiments.sweep.measured import best_so_far, measured
from experiments.sweep.parallel import APART, heights_of
from experiments.sweep.report import as_markdown, write_report
from experiments.sweep.standings import cells, headings, spread, standings, trials_csv
from experiments.sweep.trials import TrialRow
from tests.support.sweep_files import sweep_of
from workbench.errors import InputError

SPACE = {"rate": {"real": [0.01, 10], "log": True}, "kind": {"choice": ["plain", "wide"]}}
RATES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 0.05)


def row(number: int, candidate: dict, *rungs: float | None, state="done", reason="") -> TrialRow:
    """A trial with an objective at each of its rungs, each of which took a further epoch."""
    reached = {
        rung: {"used": rung + 1.0, **({} if value is None else {"objective": value})}
        for rung, value in enumerate(rungs)
    }
    return TrialRow(number, candidate, max(0, len(rungs) - 1), state, reason, 0, None, reached)


def rows_of(values: Sequence[float | None], seeds: int = 1) -> list[TrialRow]:
    kinds = ("plain", "wide")
    return [
        row(number, {"rate": RATES[number // seeds], "kind": kinds[number // seeds % 2]}, value)
        for number, value in enumerate(values)
    ]


def sweep(folder: Path, **parts: Any):
    search = {"kind": "random", "candidates": 4}
    return sweep_of(folder, **{"space": SPACE, "search": search, "budget": {"epochs": 9}, **parts})


def test_candidates_are_compared_by_the_mean_over_seeds(tmp_path: Path):
    three = sweep(tmp_path, seeds=2)
    found = standings(three, rows_of([1.0, 3.0, 1.5, 1.6, 9.0, None], seeds=2))
    assert [(each.place, each.score) for each in found] == [(1, 1.55), (0, 2.0), (2, None)]
    assert headings(three) == ["", "rate", "kind", "loss (last)", "epochs used", "remark"]
    assert cells(three, 1, found[0]) == ["1", "0.2", "wide", "1.55 ± 0.071", "2", ""]
    assert cells(three, 3, found[2]) == ["", "0.4", "plain", "9", "2", ""]


def test_higher_is_better_where_it_is_to_be_maximised(tmp_path: Path):
    upwards = sweep(tmp_path, objective={"statistic": "loss", "direction": "maximize"})
    assert [each.place for each in standings(upwards, rows_of([1.0, 3.0, None, 2.0]))] == [1, 3, 0, 2]


def test_what_became_of_others_is_said(tmp_path: Path):
    halved = sweep(tmp_path, search={"kind": "halving", "candidates": 4, "first": 1})
    candidate = {"rate": 0.1, "kind": "plain"}
    rows = [
        row(0, candidate, 0.1, state="pruned"),
        row(1, candidate, 5.0, 4.0, 3.0),
        row(2, candidate, None, state="limited", reason="ratio above 5"),
        row(3, candidate, 7.0, state="failed", reason="exit status 1: no"),
        row(4, candidate, state="waiting"),
    ]
    found = standings(halved, rows)
    assert [each.place for each in found] == [1, 0, 3, 2, 4]
    assert [each.remark for each in found] == [
        "",
        "pruned at 1 epochs",
        "failed: exit status 1: no",
        "limited: ratio above 5",
        "not done yet",
    ]
    assert [each.used for each in found] == [3, 1, 1, 1, 0]


def test_seeds_are_named_where_others_ended_otherwise(tmp_path: Path):
    candidate = {"rate": 0.1, "kind": "plain"}
    states = ("limited", "done", "limited", "failed")
    rows = [row(number, candidate, 0.5, state=state, reason="why") for number, state in enumerate(states)]
    (found,) = standings(sweep(tmp_path, seeds=4), rows)
    assert found.remark == "limited: why (seed 0, 2); failed: why (seed 3)"


def test_a_single_value_has_no_spread():
    assert [spread([]), spread([0.123456]), spread([1.0, 2.0])] == ["", "0.12346", "1.5 ± 0.71"]


def test_the_curve_of_the_best_counts_what_all_used(tmp_path: Path):
    halved = sweep(tmp_path, search={"kind": "halving", "candidates": 3, "first": 3})
    candidate = {"rate": 0.1, "kind": "plain"}
    rows = [row(0, candidate, 0.5, state="pruned"), row(1, candidate, 0.7, 0.2), row(2, candidate, None)]
    found = measured(halved, rows)
    assert found == [(1, 0.5), (2, 0.7), (3, None), (4, 0.2)]
    assert list(best_so_far(halved, found)) == [(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.2)]


def test_importance_is_that_of_the_setting_that_matters(tmp_path: Path):
    pytest.importorskip("sklearn")
    found = standings(sweep(tmp_path), rows_of([rate**2 for rate in RATES]))
    first, second = importances(sweep(tmp_path), found)
    assert first.name == "rate" and first.mean > 10 * second.mean
    assert importances(sweep(tmp_path), found) == [first, second]
    assert importances(sweep(tmp_path), found[:7]) == []


def test_a_report_is_written_with_pictures_and_the_best_command_line(tmp_path: Path):
    pytest.importorskip("sklearn")
    whole = sweep(tmp_path, seeds=2)
    rows = rows_of([1 / 3 + rate**2 for rate in RATES for _ in range(2)], seeds=2)
    paths = write_report(whole, rows, tmp_path)
    assert [path.name for path in paths] == [
        *("report.md", "trials.csv", "best.png", "settings.png", "importance.png")
    ]
    for path in paths[2:]:
        with Image.open(path) as picture:
            assert picture.width == 900
            assert len(picture.getcolors(2**20)) > 10
    text = paths[0].read_text()
    assert "| 1 | 0.05 | wide | 0.33583 ± 0 | 2 |  |" in text
    assert "$ quick train --rate 0.05 --kind wide --seed 0 --epochs 9 --folder" in text
    before = [path.read_bytes() for path in paths]
    assert write_report(whole, rows, tmp_path) == paths
    assert [path.read_bytes() for path in paths] == before
    last = trials_csv(whole, rows).splitlines()[-1]
    assert last == f"15,1,0.05,wide,0,done,,{1 / 3 + 0.05**2!r},1.0"


def test_a_report_before_the_end_says_so(tmp_path: Path):
    rows = [*rows_of([1.0, 2.0]), row(2, {"rate": 1.0, "kind": "plain"}, state="running")]
    found = standings(sweep(tmp_path), rows)
    assert "1 of 3 trials have not ended yet." in as_markdown(sweep(tmp_path), rows, found, tmp_path, [])
    with pytest.raises(InputError, match="no candidate has reached anything yet"):
        write_report(sweep(tmp_path), rows_of([None]), tmp_path)


def test_lines_with_one_choice_lie_beside_each_other_in_their_order(tmp_path: Path):
    ranked = sweep(tmp_path)
    found = standings(ranked, rows_of([1.0, 4.0, 2.0, 5.0, 3.0]))
    kinds = [kind for _, kind in heights_of(ranked, found)]
    plain, wide = kinds[:3], kinds[3:]
    assert plain == sorted(set(plain), reverse=True)
    assert wide == sorted(set(wide), reverse=True)
    assert np.allclose((np.mean(plain), np.mean(wide)), (0, 1))
    assert max(map(abs, plain)) == pytest.approx(APART / 2)
    rates = [rate for rate, _ in heights_of(ranked, found)]
    assert rates[0] == pytest.approx(np.log(0.1 / 0.01) / np.log(1000))
    assert [kind for _, kind in heights_of(ranked, found[:1])] == [0]
