"""Losses between numbers: against PyTorch, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.losses import AbsoluteError, Huber, SquaredError

every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@every_dtype
@pytest.mark.parametrize("kind", [SquaredError, AbsoluteError, Huber])
@given(
    sides=st.tuples(*[st.integers(1, 4)] * 4),
    delta=st.floats(0.05, 3),
    masked=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_torch_gives_the_same_loss_and_gradient(kind, dtype, sides, delta, masked, seed):
    torch = pytest.importorskip("torch")
    functional, generator = torch.nn.functional, np.random.default_rng(seed)
    outputs, targets = generator.normal(size=(2, *sides)).astype(dtype)
    mask = generator.uniform(0.1, 1, (*sides[:2], 1, sides[3])).astype(dtype) if masked else None
    tensor, expected = torch.tensor(outputs, requires_grad=True), torch.tensor(targets)
    if kind is Huber:
        each = functional.huber_loss(tensor, expected, delta=delta, reduction="none")
    else:
        peer = functional.mse_loss if kind is SquaredError else functional.l1_loss
        each = peer(tensor, expected, reduction="none")
    weights = torch.ones_like(each) if mask is None else torch.tensor(np.broadcast_to(mask, sides).copy())
    mean = (each * weights).sum() / weights.sum()
    mean.backward()
    loss = Huber(delta) if kind is Huber else kind()
    value, signals = loss(outputs, targets, mask=mask)
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    assert value == pytest.approx(mean.item(), rel=tolerance)
    np.testing.assert_allclose(signals, tensor.grad.numpy(), rtol=tolerance, atol=tolerance / 100)


def test_absolute_error_has_no_slope_at_equality():
    _, signals = AbsoluteError()(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 4.0]))
    assert np.allclose(signals, [0, 1 / 3, -1 / 3])


def test_squared_error_by_hand():
    value, signals = SquaredError()(np.array([1.0, 2.0]), np.array([0.0, 4.0]))
    assert value == 2.5
    assert signals.tolist() == [1.0, -2.0]


def test_huber_by_hand():
    value, signals = Huber(delta=2)(np.array([1.0, 5.0]), np.zeros(2))
    assert value == (0.5 + 2 * (5 - 1)) / 2
    assert signals.tolist() == [0.5, 1.0]
