"""Losses of scores: against PyTorch or the formula, and targets that are not signs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.losses import Hinge, Wasserstein

every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@every_dtype
@pytest.mark.parametrize("loss", [Hinge(), Hinge(squared=True), Wasserstein()], ids=str)
@given(sides=st.tuples(*[st.integers(1, 4)] * 3), masked=st.booleans(), seed=st.integers(0, 1000))
def test_torch_gives_the_same_loss_and_gradient(loss, dtype, sides, masked, seed):
    torch = pytest.importorskip("torch")
    generator = np.random.default_rng(seed)
    outputs = generator.normal(0, 2, sides).astype(dtype)
    targets = generator.choice([-1, 1], sides).astype(dtype)
    mask = generator.uniform(0.1, 1, (1, sides[-1])).astype(dtype) if masked else None
    tensor = torch.tensor(outputs, requires_grad=True)
    margins = torch.tensor(targets) * tensor
    each = margins if isinstance(loss, Wasserstein) else torch.clamp(1 - margins, min=0)
    each = each**2 if loss == Hinge(squared=True) else each
    weights = torch.ones_like(each) if mask is None else torch.tensor(np.broadcast_to(mask, sides).copy())
    mean = (each * weights).sum() / weights.sum()
    mean.backward()
    value, signals = loss(outputs, targets, mask=mask)
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    assert value == pytest.approx(mean.item(), rel=tolerance, abs=tolerance)
    np.testing.assert_allclose(signals, tensor.grad.numpy(), rtol=tolerance, atol=tolerance / 100)


@given(seed=st.integers(0, 1000))
def test_the_hinge_embedding_of_torch_is_the_hinge_of_margins(seed):
    torch = pytest.importorskip("torch")
    generator = np.random.default_rng(seed)
    outputs, targets = generator.normal(size=9), generator.choice([-1.0, 1.0], 9)
    margins = torch.tensor(outputs * targets)
    expected = torch.nn.functional.hinge_embedding_loss(margins, -torch.ones(9), margin=1.0)
    assert Hinge()(outputs, targets)[0] == pytest.approx(expected.item(), rel=1e-12)


def test_hinge_by_hand():
    outputs, targets = np.array([2.0, 1.0, 0.0, 0.5]), np.array([1.0, 1.0, 1.0, -1.0])
    value, signals = Hinge()(outputs, targets)
    assert value == (0 + 0 + 1 + 1.5) / 4
    assert signals.tolist() == [0, 0, -0.25, 0.25]
    value, signals = Hinge(squared=True)(outputs, targets)
    assert value == (0 + 0 + 1 + 2.25) / 4
    assert signals.tolist() == [0, 0, -0.5, 0.75]


def test_wasserstein_is_half_the_difference_of_the_mean_scores():
    scores = np.array([3.0, 1.0, -1.0, 0.5])
    value, signals = Wasserstein()(scores, np.array([-1.0, -1.0, 1.0, 1.0]))
    assert value == ((-1 + 0.5) / 2 - (3 + 1) / 2) / 2
    assert signals.tolist() == [-0.25, -0.25, 0.25, 0.25]


@pytest.mark.parametrize("loss", [Hinge(), Wasserstein()], ids=str)
@pytest.mark.parametrize("bad", [0, 0.5, np.nan, 2])
def test_a_target_that_is_no_sign_is_refused(loss, bad):
    targets = np.ones((1, 2, 4))
    targets[0, 1, 2] = bad
    with pytest.raises(ValueError, match=f"loss {loss.name}: the target of entry 2 is {bad}"):
        loss(np.zeros((1, 2, 4)), targets)
    loss(np.zeros((1, 2, 4)), targets, entries=2)


@pytest.mark.parametrize("loss", [Hinge(), Wasserstein()], ids=str)
def test_a_target_that_does_not_count_may_be_anything(loss):
    targets, mask = np.array([1.0, 0.0, -1.0]), np.array([1, 0, 1])
    assert loss(np.zeros(3), targets, mask=mask)[0] == loss(np.zeros(2), targets[[0, 2]])[0]
    with pytest.raises(ValueError, match="entry 1 is 0"):
        loss(np.zeros(3), targets, mask=np.array([1, 1, 0]))
