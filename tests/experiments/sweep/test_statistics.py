"""What a trial's table says."""

import math
from pathlib import Path

import pytest

from experiments.sweep.file import Limit
from experiments.sweep.statistics import passed, reached, read_rows, value_of, whole_rows
from tests.support.sweep_files import sweep_of

ROWS = [{"epoch": float(epoch), "loss": loss} for epoch, loss in enumerate([3, 1, 2, math.nan, 5], 1)]


def test_a_table_is_read_with_what_is_missing_in_it(tmp_path: Path):
    assert read_rows(tmp_path) == []
    (tmp_path / "losses.csv").write_text("epoch,loss,mmd\n1,0.5,\n2,nan\n")
    first, second = read_rows(tmp_path)
    assert first["epoch"] == 1 and math.isnan(first["mmd"])
    assert math.isnan(second["loss"]) and math.isnan(second["mmd"])


@pytest.mark.parametrize(
    ("statistic", "value"), [("a", 6), ("a / b", 2), ("a/b/b", 2 / 3), ("a / c", math.nan), ("d", math.nan)]
)
def test_a_statistic_is_a_column_or_one_divided_by_others(statistic, value):
    found = value_of({"a": 6.0, "b": 3.0, "c": 0.0}, statistic)
    assert found == pytest.approx(value, nan_ok=True)


def test_a_row_within_an_epoch_counts_only_at_the_end():
    rows = [{"step": 20.0}, {"step": 40.0}, {"step": 47.0}]
    assert whole_rows(rows, ("step", 20), ended=False) == rows[:2]
    assert whole_rows(rows, ("step", 20), ended=True) == rows
    assert whole_rows(rows[:2], ("step", 20), ended=True) == rows[:2]
    assert whole_rows([], ("step", 20), ended=True) == []


@pytest.mark.parametrize(
    ("limit", "rows"),
    [
        (Limit(statistic="loss", above=2), 1),
        (Limit(statistic="loss", above=3), 4),  # what is not a number is beyond every limit
        (Limit(statistic="loss", below=1.5), 2),
        (Limit(statistic="loss", above=4, rows=2), 5),
        (Limit(statistic="loss", above=4, rows=3), None),
        (Limit(statistic="other", above=0), None),
    ],
)
def test_a_limit_is_passed_after_so_many_rows_one_after_another(limit, rows):
    found = passed([limit], ROWS)
    assert (found and found.rows) == rows


def test_the_limit_that_is_passed_first_counts():
    late, early = Limit(statistic="loss", above=4), Limit(statistic="loss", below=1.5)
    assert passed([late, early], ROWS) == (early, 2)
    assert str(early) == "loss below 1.5"


@pytest.mark.parametrize(
    ("objective", "rows", "value"),
    [
        ({"of": "last"}, ROWS, 5),
        ({"of": "best"}, ROWS, 1),
        ({"of": "best", "direction": "maximize"}, ROWS, 5),
        ({"of": "last"}, ROWS[:4], None),
        ({"of": "best"}, ROWS[3:4], None),
    ],
)
def test_the_objective_is_that_of_the_last_row_or_the_best(tmp_path: Path, objective, rows, value):
    sweep = sweep_of(tmp_path, objective={"statistic": "loss", "columns": ["ratio"], **objective})
    found = reached(sweep, rows)
    assert found.get("objective") == value
    assert found["used"] == rows[-1]["epoch"]
    assert "ratio" not in found
    assert reached(sweep, []) == {}
