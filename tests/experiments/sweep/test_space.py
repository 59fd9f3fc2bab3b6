"""The space: grids, draws, conditions."""

from pathlib import Path

import numpy as np
import pytest

from experiments.sweep.space import Parameter, describe, draw, grid, grid_size
from tests.support.sweep_files import sweep_of

CONDITIONAL = {
    "kind": Parameter(choice=("plain", "wide")),
    "width": Parameter(integer=(2, 4), when={"kind": ("wide",)}),
    "rate": Parameter(real=(0.01, 1.0), log=True, points=3),
}


def test_a_grid_has_all_combinations_of_what_exists():
    found = [dict(each) for each in grid(CONDITIONAL)]
    assert found[:3] == [{"kind": "plain", "rate": rate} for rate in (0.01, 0.1, 1.0)]
    assert found[3] == {"kind": "wide", "width": 2, "rate": 0.01}
    assert len(found) == grid_size(CONDITIONAL) == 12


def test_whole_numbers_in_a_grid():
    assert Parameter(integer=(1, 8), step=3).grid() == (1, 4, 7)
    assert Parameter(integer=(16, 256), log=True, points=5).grid() == (16, 32, 64, 128, 256)
    assert Parameter(integer=(1, 3), points=9).grid() == (1, 2, 3)


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        (Parameter(integer=(1, 4)), {1: 0.25, 2: 0.25, 3: 0.25, 4: 0.25}),
        (Parameter(integer=(1, 8), step=3), {1: 1 / 3, 4: 1 / 3, 7: 1 / 3}),
        (Parameter(choice=("a", "b")), {"a": 0.5, "b": 0.5}),
    ],
)
def test_values_are_equally_likely(parameter, expected):
    generator = np.random.default_rng(0)
    values = [draw({"a": parameter}, generator)["a"] for _ in range(3000)]
    assert {value: values.count(value) / 3000 for value in set(values)} == pytest.approx(expected, abs=0.04)


def test_logarithmic_draws_stay_within_and_have_equally_many_in_every_decade():
    generator = np.random.default_rng(0)
    reals = [draw({"a": Parameter(real=(0.001, 1), log=True)}, generator)["a"] for _ in range(2000)]
    decades = np.floor(np.log10(reals)).clip(-3, -1)
    assert np.bincount(decades.astype(int) + 3) / 2000 == pytest.approx([1 / 3] * 3, abs=0.04)
    whole = [draw({"a": Parameter(integer=(1, 100), log=True)}, generator)["a"] for _ in range(2000)]
    assert min(whole) == 1 and max(whole) == 100
    assert sum(each <= 10 for each in whole) / 2000 == pytest.approx(0.57, abs=0.04)


def test_what_depends_is_drawn_where_it_exists():
    generator = np.random.default_rng(0)
    for _ in range(50):
        found = draw(CONDITIONAL, generator)
        assert ("width" in found) == (found["kind"] == "wide")


def test_lists_are_settings_of_several_values(tmp_path: Path):
    assert describe({"layers": (512, 256), "learning_rate": 0.1}) == "layers=512,256 learning-rate=0.1"
    sweep = sweep_of(tmp_path, space={"units": {"choice": [1, 2]}, "rate": {"choice": [1]}})
    assert sweep.given({"units": 2, "rate": 1})["units"].value == "2"
