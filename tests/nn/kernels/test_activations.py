import numpy as np
import pytest

from nn.activations import (
    ACTIVATIONS,
    ELU,
    Activation,
    HardSigmoid,
    Identity,
    LeakyReLU,
    Sigmoid,
    Softplus,
    Squash,
    Tanh,
)
from nn.history import aligned_zeros
from nn.kernels.core.activations import activate, multiply_by_derivative

KINDS = [
    Identity(),
    LeakyReLU(0.1),
    LeakyReLU(0.0),
    ELU(),
    Softplus(),
    Tanh(),
    Sigmoid(),
    Squash(0.1),
    HardSigmoid(),
    HardSigmoid(0.2),
]
UNITS = {np.float32: 5, np.float64: 4}


def sums(dtype: type) -> np.ndarray:
    """Numbers over the whole range in which the functions vary, and around their bends."""
    wide, narrow = np.linspace(-80, 80, 100_001), np.linspace(-1e-3, 1e-3, 2_001)
    tiny = np.concatenate([-np.logspace(-30, -3, 500), np.logspace(-30, -3, 500)])
    return np.concatenate([wide, narrow, tiny, [-8.0, 8.0, 0.0]]).astype(dtype)


def activated(activation: Activation, values: np.ndarray) -> np.ndarray:
    copy = aligned_zeros(values.shape, values.dtype)
    copy[:] = values
    activate(activation.code, values.dtype.type(activation.slope), copy)
    return copy


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", KINDS, ids=lambda kind: f"{kind.name}-{kind.slope}")
def test_values_are_within_a_few_units_in_the_last_place(activation, dtype):
    values = sums(dtype)
    exact = activation(values.astype(np.longdouble))
    unit = np.spacing(np.maximum(np.abs(exact), np.finfo(dtype).tiny).astype(dtype)).astype(np.longdouble)
    error = np.abs(activated(activation, values) - exact) / unit
    assert error.max() <= UNITS[dtype], f"{error.max():.1f} units at {values[error.argmax()]}"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", KINDS, ids=lambda kind: f"{kind.name}-{kind.slope}")
def test_derivatives_are_those_of_the_activation(activation, dtype):
    values = activation(sums(dtype))
    signals = np.random.default_rng(0).standard_normal(values.size).astype(dtype)
    deltas = np.empty_like(values)
    multiply_by_derivative(activation.code, dtype(activation.slope), values, signals, deltas)
    wanted = signals * activation.derivative(values)
    np.testing.assert_allclose(deltas, wanted, rtol=1e-5 if dtype is np.float32 else 1e-12, atol=1e-30)


@pytest.mark.parametrize("activation", KINDS, ids=lambda kind: f"{kind.name}-{kind.slope}")
def test_not_a_number_passes_through_and_large_sums_stay_finite(activation):
    values = activated(activation, np.full(16, np.nan, np.float32))
    assert np.isnan(values).all()
    large = activated(activation, np.array([-1e30, 1e30] * 8, np.float32))
    assert np.isfinite(large).all()


def test_every_activation_has_a_code_of_its_own_unless_it_is_a_special_case():
    codes = {kind.code for kind in ACTIVATIONS.values()}
    assert codes == set(range(8))
    assert ACTIVATIONS["relu"].code == ACTIVATIONS["leaky_relu"].code
