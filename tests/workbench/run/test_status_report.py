"""Reports of a run: the curve stays small however long training takes."""

from itertools import pairwise
from pathlib import Path

import pytest

from nn.training.log import LogRow
from tests.support.live_runs import open_run
from workbench.run.status_report import MOST_ROWS


@pytest.mark.parametrize("epochs", [1, 2, MOST_ROWS - 1, MOST_ROWS, MOST_ROWS + 1, 5000])
def test_the_curve_has_few_rows_with_the_first_and_the_last(tmp_path: Path, epochs: int) -> None:
    run = open_run(tmp_path)
    numbers = range(1, epochs + 1)
    run.session.trainer.log.rows = [LogRow(n, 2 * n, float(n), 1 / n, None, 0.001) for n in numbers]
    rows = run.curve()["rows"]
    assert min(epochs, MOST_ROWS // 2) <= len(rows) <= MOST_ROWS
    assert rows[0] == [2, 1.0, None, 1.0]
    assert rows[-1] == [2 * epochs, 1 / epochs, None, float(epochs)]
    steps = [row[0] for row in rows]
    assert steps == sorted(set(steps))
    assert len({after - before for before, after in pairwise(steps[:-1])}) <= 1


def test_a_longer_run_is_told_with_rows_that_were_told_before(tmp_path: Path) -> None:
    run = open_run(tmp_path)
    log = run.session.trainer.log
    told = []
    for epochs in (1600, 1900):
        log.rows = [LogRow(n, n, float(n), 1 / n, 2 / n, 0.001) for n in range(1, epochs + 1)]
        told.append(run.curve()["rows"])
    before, after = told
    assert after[: len(before) - 1] == before[:-1]
