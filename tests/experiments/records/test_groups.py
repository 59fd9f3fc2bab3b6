"""Variants and their bands."""

import math
from pathlib import Path

import numpy as np
import pytest

from experiments.records.groups import CONFIDENCE, RANGE, T_95, band, grouped, on_axis, t_95
from tests.support.recorded_runs import add_run
from workbench.records import About, Curve, Store


def test_quantiles_are_those_of_students_t():
    stats = pytest.importorskip("scipy.stats")
    for degrees in (*range(1, len(T_95) + 1), 31, 40, 100, 1000):
        assert t_95(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), abs=1e-4)


def test_a_band_is_the_interval_of_the_mean():
    places = np.array([1.0, 2.0])
    curves = [(places, np.array([1.0, 5.0])), (places, np.array([2.0, 5.0])), (places, np.array([6.0, 5.0]))]
    found = band(curves, CONFIDENCE)
    half = 4.3027 * np.std([1, 2, 6], ddof=1) / math.sqrt(3)
    np.testing.assert_allclose(found.mean, [3, 5])
    np.testing.assert_allclose(found.low, [3 - half, 5])
    np.testing.assert_allclose(found.high, [3 + half, 5])
    spread = band(curves, RANGE)
    np.testing.assert_allclose([spread.low, spread.high], [[1, 5], [6, 5]])


def test_curves_are_compared_where_all_of_them_reach():
    short = np.array([0.0, 10.0]), np.array([0.0, 10.0])
    curves = [short, (np.array([5.0, 6.0, 20.0]), np.array([1.0, 2.0, 2.0]))]
    found = band(curves)
    np.testing.assert_allclose(found.places, [5, 6, 10])
    np.testing.assert_allclose(found.mean, [3, 4, 6])
    assert band([curves[0], (np.array([11.0]), np.array([1.0]))]) is None


def test_one_run_has_no_band():
    found = band([(np.array([1.0]), np.array([3.0]))])
    assert found.low == found.high == found.mean == [3.0]


def test_what_is_not_finite_is_left_out():
    places, values = on_axis(Curve([1, 2, 3], [1.0, math.nan, 3.0]), None)
    assert (places.tolist(), values.tolist()) == ([1, 3], [1.0, 3.0])
    seconds = Curve([1, 3], [0.5, 1.5])
    assert on_axis(Curve([1, 2, 3], [1.0, 2.0, 3.0]), seconds)[0].tolist() == [0.5, 1.5]
    backwards = Curve([1, 2, 3], [0.5, 0.4, 1.5])
    assert on_axis(Curve([1, 2, 3], [1.0, 2.0, 3.0]), backwards)[0].tolist() == [0.5, 1.5]
    assert len(on_axis(Curve([1], [math.inf]), None)[0]) == 0


def test_runs_that_differ_in_seed_and_place_are_one_group(tmp_path: Path):
    with Store.open(tmp_path / "records.sqlite", create=True) as store:
        for units in (8, 256):
            for seed in range(2):
                settings = {"units": units, "rate": 0.5, "seed": seed, "folder": tmp_path / f"{units}-{seed}"}
                add_run(store, About("tiny", settings, seed=seed))
        runs = sorted(store.runs(), key=lambda run: run.number)
        groups = {group.name: [run.number for run in group.runs] for group in grouped(store, runs)}
        assert groups == {"units 8": [1, 2], "units 256": [3, 4]}
        assert [group.name for group in grouped(store, runs[:2])] == ["tiny"]
        assert [group.name for group in grouped(store, runs, ["rate", "seed"])] == [
            "rate 0.5, seed 0",
            "rate 0.5, seed 1",
        ]
        add_run(store, About("other", {"units": 8}))
        names = [group.name for group in grouped(store, store.runs(), ["program"])]
        assert names == ["other", "tiny"]
