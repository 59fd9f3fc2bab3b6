"""FTRL: against the paper's algorithm and its objective, its zeros, and a rate that changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.optimizers import FTRL, Adagrad
from tests.support.optimizer_checks import make_parameters

PENALTIES = st.just(0.0) | st.floats(0.01, 2.0)


def paper_steps(gradients, alpha, beta, l1, l2):
    """Run McMahan et al. 2013, algorithm 1, from weights of zero; return the weights after all rounds."""
    z, n = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    for gradient in [*gradients, None]:
        held = np.abs(z) <= l1
        weights = np.where(held, 0.0, -(z - np.sign(z) * l1) / ((beta + np.sqrt(n)) / alpha + l2))
        if gradient is None:
            return weights
        sigma = (np.sqrt(n + gradient**2) - np.sqrt(n)) / alpha
        z += gradient - sigma * weights
        n += gradient**2
    raise AssertionError("the last round returns")


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)])
@given(rate=st.floats(0.01, 1), beta=st.floats(0.1, 2), l1=PENALTIES, l2=PENALTIES, size=st.integers(1, 40))
def test_equal_to_the_algorithm_of_the_paper_over_100_rounds(rate, beta, l1, l2, size, dtype, tolerance):
    generator = np.random.default_rng(size)
    gradients = [generator.standard_normal(size).astype(dtype) for _ in range(100)]
    parameters, optimizer = make_parameters(size, dtype), FTRL(rate, beta, l1, l2)
    parameters.values[:] = 0
    for gradient in gradients:
        parameters.gradients[:] = gradient
        optimizer.step(parameters)
    expected = paper_steps([gradient.astype(np.float64) for gradient in gradients], rate, beta, l1, l2)
    np.testing.assert_allclose(parameters.values, expected, rtol=tolerance, atol=tolerance)


@given(rate=st.floats(0.05, 1), l1=PENALTIES, l2=PENALTIES, seed=st.integers(0, 1000))
def test_the_values_minimise_the_objective_of_the_paper_from_any_start_at_any_rates(rate, l1, l2, seed):
    """The objective of section 3, with inverse rates summed: its subgradient is zero after every step."""
    generator = np.random.default_rng(seed)
    parameters, optimizer = make_parameters(8), FTRL(rate, 1.0, l1, l2)
    total, squares, strength, centre = np.zeros(8), np.zeros(8), np.zeros(8), np.zeros(8)
    for _ in range(12):
        factor = generator.uniform(0.1, 2)
        gradients, values = generator.standard_normal(8), parameters.values.copy()
        total += gradients
        squares += gradients**2
        inverse_rate = (1 + np.sqrt(squares)) / (rate * factor)
        centre += (inverse_rate - strength) * values
        strength = inverse_rate
        parameters.gradients[:] = gradients
        optimizer.step(parameters, factor)
        values = parameters.values
        slope = total + strength * values - centre + l2 * values
        zero = values == 0
        np.testing.assert_allclose(slope[~zero], -l1 * np.sign(values[~zero]), atol=1e-9 * strength.max())
        assert (np.abs(slope[zero]) <= l1 * (1 + 1e-9)).all()


def test_a_strong_l1_leaves_values_at_exactly_zero_and_a_weak_one_does_not():
    generator = np.random.default_rng(4)
    zeros = []
    for l1 in (0.0, 5.0):
        parameters, optimizer = make_parameters(200, np.float32), FTRL(0.1, l1=l1)
        parameters.values[:] = 0.1 * parameters.values
        for _ in range(100):
            parameters.gradients[:] = 0.1 * generator.standard_normal(200) + (np.arange(200) < 20)
            optimizer.step(parameters)
        zeros.append(np.count_nonzero(parameters.values == 0))
    assert zeros[0] == 0
    assert 150 < zeros[1] <= 180


def test_without_penalties_it_is_adagrad_with_beta_for_epsilon():
    ours, theirs = make_parameters(), make_parameters()
    optimizers = FTRL(0.3, beta=0.5), Adagrad(0.3, epsilon=0.5)
    generator = np.random.default_rng(5)
    for step in range(50):
        gradients = generator.standard_normal(37)
        for parameters, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameters.gradients[:] = gradients
            optimizer.step(parameters, 1 - step / 50)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=1e-12, atol=1e-12)


def test_a_rate_that_falls_to_almost_nothing_and_rises_again_loses_nothing():
    parameters, optimizer = make_parameters(dtype=np.float32), FTRL(0.1, l1=0.001, l2=0.001)
    before = parameters.values.copy()
    for factor in (1.0, 1e-12, 1e-30, 1.0):
        optimizer.step(parameters, factor)
    np.testing.assert_allclose(parameters.values, before, rtol=1e-3, atol=1e-3)
