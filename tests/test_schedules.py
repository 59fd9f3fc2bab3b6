"""Schedules: their ends, their middle, their slope, and what they refuse."""

import itertools
import math

import pytest

from nn.schedules import Constant, Cosine


def test_constant_is_one_everywhere():
    assert [Constant()(progress) for progress in (0.0, 0.3, 1.0)] == [1.0, 1.0, 1.0]


def test_cosine_goes_from_one_through_the_middle_to_the_final_factor():
    schedule = Cosine(final=0.2)
    assert schedule(0.0) == 1.0
    assert schedule(0.5) == pytest.approx(0.6)
    assert schedule(1.0) == pytest.approx(0.2)
    assert schedule(1 / 3) == pytest.approx(0.2 + 0.8 * (1 + math.cos(math.pi / 3)) / 2)


def test_warm_up_rises_in_a_straight_line_and_joins_the_cosine():
    schedule = Cosine(warmup=0.1)
    assert schedule(0.0) == 0.0
    assert schedule(0.025) == pytest.approx(0.25)
    assert schedule(0.1) == 1.0
    assert schedule(0.1 - 1e-9) == pytest.approx(1.0)
    assert schedule(0.55) == pytest.approx(0.5)


@pytest.mark.parametrize("warmup", [0.0, 0.3])
def test_after_the_warm_up_the_factor_never_rises(warmup):
    factors = [Cosine(warmup, final=0.05)(warmup + (1 - warmup) * step / 100) for step in range(101)]
    assert all(after < before for before, after in itertools.pairwise(factors))


@pytest.mark.parametrize("settings", [{"warmup": 1.0}, {"warmup": -0.1}, {"final": 1.5}, {"final": math.nan}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=r"warm-up|final factor"):
        Cosine(**settings)
