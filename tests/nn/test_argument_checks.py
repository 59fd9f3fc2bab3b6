"""Settings that must lie in a range."""

import math
from fractions import Fraction

import numpy as np
import pytest

from nn.argument_checks import (
    check_below_one,
    check_count,
    check_factor,
    check_generator,
    check_not_negative,
    check_number,
    check_positive,
    check_share,
    is_positive,
)

CHECKS = {
    check_positive: ([0.1, 5], [0, -1], "a finite number above 0"),
    check_number: ([-1e300, 0, 5], [], "a finite number"),
    check_not_negative: ([0, 5], [-0.1], "a finite number of at least 0"),
    check_below_one: ([0, 0.99], [1, -0.1], "at least 0 and below 1"),
    check_share: ([0, 1], [1.01, -0.1], "in [0, 1]"),
    check_factor: ([0.1, 1], [0, 1.01], "above 0 and at most 1"),
}
NO_NUMBERS = [math.nan, math.inf, -math.inf, "1", None, True, 1j, [0.5], 10**400]


@pytest.mark.parametrize("check", CHECKS)
def test_what_lies_in_the_range_comes_back_as_a_float(check):
    for value in CHECKS[check][0]:
        result = check("rate", value)
        assert (result, type(result)) == (value, float)


@pytest.mark.parametrize("kind", [np.float32, np.float64, Fraction])
def test_numbers_of_any_kind_are_taken(kind):
    assert check_share("rate", kind(0.5)) == 0.5


@pytest.mark.parametrize("check", CHECKS)
def test_everything_else_is_refused_by_name(check):
    _, outside, expected = CHECKS[check]
    for value in [*outside, *NO_NUMBERS]:
        with pytest.raises(ValueError, match="rate") as refusal:
            check("rate", value)
        assert str(refusal.value) == f"rate {value!r} must be {expected}"


def test_positive_numbers_are_told_apart():
    assert is_positive(1e-300)
    assert not any(map(is_positive, [0, *NO_NUMBERS]))


@pytest.mark.parametrize("value", [1, 7, np.int64(3)])
def test_counts_are_whole_numbers(value):
    assert check_count("lstm: units", value) == value


@pytest.mark.parametrize("value", [0, -1, 2.5, 2.0, True, "4", None])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(ValueError, match=f"lstm: units {value!r} must be a whole number of at least 1"):
        check_count("lstm: units", value)


def test_a_seed_is_no_generator():
    generator = np.random.default_rng(0)
    assert check_generator(generator) is generator
    for seed in (0, None, np.random):
        with pytest.raises(ValueError, match=r"draws nothing: give numpy.random.default_rng\(seed\)"):
            check_generator(seed)
