"""The log: rows and their table, and a curve that stays short whatever the length of the run."""

import csv
import io

import numpy as np
import pytest

from nn.training.log import CURVE_POINTS, LogRow, LossCurve, TrainingLog, to_csv

ROW = LogRow(1.0, 25, 0.5, 0.25, 0.125, 0.01)


@pytest.mark.parametrize(
    "steps", [1, 10, CURVE_POINTS - 1, CURVE_POINTS, 2 * CURVE_POINTS + 1, 5 * CURVE_POINTS]
)
def test_the_curve_is_the_mean_over_equal_stretches(steps):
    losses = np.random.default_rng(1).random(steps)
    curve = LossCurve()
    for step, loss in enumerate(losses, start=1):
        curve.add(step, loss)
    points = steps // curve.stride
    assert len(curve.steps) == points < CURVE_POINTS
    assert curve.steps == [curve.stride * (point + 1) for point in range(points)]
    expected = losses[: points * curve.stride].reshape(points, curve.stride).mean(axis=1)
    np.testing.assert_allclose(curve.losses, expected, rtol=1e-12)
    assert curve.pending_steps == steps - points * curve.stride


def test_a_short_run_keeps_every_loss():
    curve = LossCurve()
    for step in range(1, 6):
        curve.add(step, step / 10)
    assert curve.steps == [1, 2, 3, 4, 5]
    assert curve.losses == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_an_epoch_is_the_mean_over_its_weights_and_then_forgotten():
    log = TrainingLog()
    log.add(1, 1.0, 30)
    log.add(2, 4.0, 10)
    assert log.epoch_mean == pytest.approx(1.75)
    log.close_epoch(ROW)
    log.add(3, 7.0, 5)
    assert log.epoch_mean == 7
    assert log.rows == [ROW]
    assert log.last_loss == 7


def test_the_table_has_a_line_for_every_row_and_leaves_the_unknown_empty():
    rows = [ROW, LogRow(1.5, 30, 0.6, 0.2, None, 0.01)]
    lines = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert list(lines[0]) == ["epoch", "step", "seconds", "training_loss", "held_out_loss", "learning_rate"]
    assert [line["held_out_loss"] for line in lines] == ["0.125", ""]
    assert float(lines[1]["epoch"]) == 1.5
    assert to_csv([]).count("\n") == 1


def test_metrics_are_columns_of_their_own():
    rows = [
        LogRow(1.0, 25, 0.5, 0.25, 0.125, 0.01, {"accuracy": 0.5}),
        LogRow(2.0, 50, 0.5, 0.25, 0.125, 0.01, {"accuracy": None, "rate": 0.75}),
    ]
    lines = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert [line["held_out_accuracy"] for line in lines] == ["0.5", ""]
    assert [line["held_out_rate"] for line in lines] == ["", "0.75"]
