"""The log: rows and their table, and a curve that stays short whatever the length of the run."""

import csv
import io

import numpy as np
import pytest

from nn.training.log import CURVE_POINTS, LogRow, LossCurve, TrainingLog, to_csv
from nn.training.mean_loss import Part

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
    log.add(1, {"": Part(1.0, 30.0)})
    log.add(2, {"": Part(4.0, 10.0)})
    assert log.epoch.value == pytest.approx(1.75)
    log.close_epoch(ROW)
    assert log.epoch.value is None
    log.add(3, {"": Part(7.0, 5.0)})
    assert log.epoch.value == 7
    assert log.rows == [ROW]
    assert log.last_loss == 7


def test_a_step_of_which_nothing_counts_has_no_loss():
    log = TrainingLog()
    log.add(1, {"": Part(2.0, 3.0)})
    log.add(2, {"": Part(0.0, 0.0)})
    assert log.last_loss is None
    assert log.curve.steps == [1]
    assert log.epoch.value == 2


def test_every_output_has_a_mean_of_its_own():
    log = TrainingLog()
    log.add(1, {"left": Part(1.0, 1.0), "right": Part(5.0, 2.0)})
    log.add(2, {"left": Part(4.0, 2.0), "right": Part(0.0, 0.0)})
    assert log.epoch.value == pytest.approx((1 + 8) / 3 + 5)
    assert log.last_loss == 4


def test_the_table_has_a_line_for_every_row_and_leaves_the_unknown_empty():
    rows = [ROW, LogRow(1.5, 30, 0.6, None, None, 0.01)]
    lines = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert list(lines[0]) == ["epoch", "step", "seconds", "training_loss", "held_out_loss", "learning_rate"]
    assert [line["held_out_loss"] for line in lines] == ["0.125", ""]
    assert [line["training_loss"] for line in lines] == ["0.25", ""]
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
