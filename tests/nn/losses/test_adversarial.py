"""Adversarial losses: their values, and their signals against differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.losses.adversarial import ADVERSARIAL_LOSSES, adversarial_loss_from_configuration

every_loss = pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
seeds = st.integers(0, 2**32 - 1)


def drawn(seed, shape=(3, 5)):
    generator = np.random.default_rng(seed)
    return generator.normal(size=shape), generator.normal(size=shape), generator.random(shape)


def differences(loss, scores):
    slopes = np.zeros_like(scores)
    for place in np.ndindex(scores.shape):
        before, sides = scores[place], []
        for sign in (1, -1):
            scores[place] = before + sign * 1e-6
            sides.append(loss())
        scores[place] = before
        slopes[place] = (sides[0] - sides[1]) / 2e-6
    return slopes


@every_loss
@pytest.mark.parametrize("side", ["discriminator", "generator"])
@given(seed=seeds, weighted=st.booleans())
def test_signals_are_slopes(name, side, seed, weighted):
    real, generated, weights = drawn(seed)
    run = getattr(ADVERSARIAL_LOSSES[name](), side)
    arguments = (real, generated, weights if weighted else None)
    part = run(*arguments)
    for scores, signals in ((real, part.real_signals), (generated, part.generated_signals)):
        assert np.allclose(signals, differences(lambda: run(*arguments).loss, scores), atol=1e-8)
        assert not np.allclose(1.001 * signals, signals, atol=1e-8) or not signals.any()


@pytest.mark.parametrize("name", ["non_saturating", "least_squares"])
@given(seed=seeds)
def test_signals_with_targets_are_slopes(name, seed):
    real, generated, targets = drawn(seed)
    loss = ADVERSARIAL_LOSSES[name]()
    part = loss.discriminator(real, generated, None, targets)
    slopes = differences(lambda: loss.discriminator(real, generated, None, targets).loss, real)
    assert np.allclose(part.real_signals, slopes, atol=1e-8)
    ones = loss.discriminator(real, generated, None, np.ones_like(real))
    plain = loss.discriminator(real, generated)
    assert ones.loss == pytest.approx(plain.loss, rel=1e-12)


@every_loss
def test_what_has_no_weight_does_not_count(name):
    real, generated, _ = drawn(0)
    weights = np.ones_like(real)
    weights[1] = 0
    loss = ADVERSARIAL_LOSSES[name]()
    for run in (loss.discriminator, loss.generator):
        part = run(real, generated, weights)
        alone = run(np.delete(real, 1, 0), np.delete(generated, 1, 0))
        assert part.loss == pytest.approx(alone.loss)
        assert not part.generated_signals[1].any()
        assert np.allclose(np.delete(part.generated_signals, 1, 0), alone.generated_signals)


@every_loss
def test_it_is_read_from_its_description(name):
    loss = ADVERSARIAL_LOSSES[name]()
    assert adversarial_loss_from_configuration(loss.to_configuration()) == loss


@pytest.mark.parametrize("name", ["hinge", "wasserstein", "relativistic"])
def test_losses_without_targets_refuse_label_smoothing(name):
    real, generated, _ = drawn(0)
    with pytest.raises(ValueError, match=f"{name}: has no targets that label smoothing could change"):
        ADVERSARIAL_LOSSES[name]().discriminator(real, generated, None, real)


def test_known_values():
    zero = np.zeros((1, 4))
    values = {name: kind().discriminator(zero, zero).loss for name, kind in ADVERSARIAL_LOSSES.items()}
    assert values == pytest.approx(
        {
            "non_saturating": 2 * np.log(2),
            "least_squares": 0.5,
            "hinge": 2.0,
            "wasserstein": 0.0,
            "relativistic": np.log(2),
        }
    )
    far = np.full((1, 1), 1000.0)
    for kind in ADVERSARIAL_LOSSES.values():
        assert np.isfinite(kind().discriminator(-far, far).loss)
