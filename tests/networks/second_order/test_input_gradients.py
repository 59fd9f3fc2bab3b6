"""Second-order terms of every family, on every rung, against differences of input gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import ConvolutionalLSTM, Dense, Sequential
from networks.base.family import RUNGS
from networks.ladder import CONTAINERS, FAMILIES
from networks.second_order import InputGradients
from networks.second_order.families import CONTAINERS as CONTAINERS_WITH_TERMS
from networks.second_order.families import FAMILIES as FAMILIES_WITH_TERMS
from networks.second_order.families import make_tangent
from nn import SequenceShape, Shape, VideoShape
from tests.support.second_order_networks import CASES, Draft, Penalty, ends, flat, numbers

WITHOUT_TERMS = {"graph", "convolutional_lstm"}

EXACT = {"embedding", "flatten", "reshape"}
"""Families whose passes only look up or rename."""


def close(found: np.ndarray, wanted: np.ndarray) -> bool:
    return np.allclose(found, wanted, rtol=1e-5, atol=2e-7 * max(1, np.abs(wanted).max(initial=0)))


def test_every_family_has_terms_and_a_case_or_is_named_here():
    assert set(FAMILIES_WITH_TERMS) | WITHOUT_TERMS == set(FAMILIES)
    assert set(CONTAINERS_WITH_TERMS) == set(CONTAINERS)
    cases = {name.partition(",")[0].partition(" over")[0] for name in CASES}
    assert cases | EXACT | {"sequential"} == set(FAMILIES_WITH_TERMS) | set(CONTAINERS)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("name", CASES)
@settings(max_examples=2)
@given(seed=st.integers(0, 2**32 - 1), entries=st.integers(2, 5), training=st.booleans())
def test_gradients_of_input_gradients(name, rung, seed, entries, training):
    generator = np.random.default_rng(seed)
    network = CASES[name](Draft(rung, generator))
    if name == "spectral_normalisation":
        training = False  # in training every forward turns the vectors further
    penalty = Penalty(network, entries, generator, training)
    found, of_inputs = penalty.gradients()
    values = network.parameters.values
    places = generator.permutation(values.size)[:6]
    assert close(found[places], penalty.by_differences(values, places))
    if not isinstance(penalty.values, dict):
        places = generator.permutation(penalty.values.size)[:4]
        assert close(of_inputs[places], penalty.by_differences(penalty.values, places))


@pytest.mark.parametrize("name", CASES)
def test_rungs_agree(name):
    found = {}
    for rung in RUNGS:
        generator = np.random.default_rng(7)
        network = CASES[name](Draft(rung, generator))
        found[rung] = Penalty(network, 3, generator, training=True).gradients()
    for rung in RUNGS[1:]:
        for theirs, plain in zip(found[rung], found[RUNGS[0]], strict=True):
            assert np.allclose(theirs, plain, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("rung", RUNGS)
def test_masked_steps_count_for_nothing(rung):
    generator = np.random.default_rng(3)
    draft = Draft(rung, generator)
    layers = [draft.kind(family).of(units=3, bidirectional=True, layers=2) for family in ("lstm", "gru")]
    network = draft.sequential(SequenceShape(5, 2), *layers)
    mask = generator.random((5, 4)) < 0.6
    mask[0] = True
    network.step_mask = mask
    penalty = Penalty(network, 4, generator, training=True)
    found, of_inputs = penalty.gradients()
    places = generator.permutation(found.size)[:30]
    assert close(found[places], penalty.by_differences(network.parameters.values, places))
    there = np.broadcast_to(mask[:, None], (5, 2, 4)).ravel()
    assert not of_inputs[~there].any()


@pytest.mark.parametrize("name", ["dense", "convolution", "lstm", "gru", "layer_normalisation", "softmax"])
def test_a_planted_error_is_found(name, monkeypatch):
    generator = np.random.default_rng(11)
    network = CASES[name](Draft("o2", generator))
    penalty = Penalty(network, 3, generator, training=False)
    layer = next(each for each in network.leaves.values() if each.family == name)
    kind = type(make_tangent(layer))
    right = kind.backward_tangent
    monkeypatch.setattr(kind, "backward_tangent", lambda self, given: right(self, 1.01 * given))
    found, _ = penalty.gradients()
    places = generator.permutation(found.size)[:40]
    assert not close(found[places], penalty.by_differences(network.parameters.values, places))


def test_gradients_stay_while_signals_pass():
    network = Sequential(Shape(1, 1, 3), [Dense.of(4), Dense.of(2)], generator=np.random.default_rng(0))
    ones = np.ones((1, 1, 2, 2), np.float32)
    network.forward(np.ones((1, 1, 3, 2), np.float32))
    wanted = network.backward(ones).copy()
    network.parameters.gradients[:] = 5
    with network.parameters.gradients_kept():
        network.forward(np.ones((1, 1, 3, 2), np.float32))
        sent = network.backward(ones)
    assert np.array_equal(sent, wanted)
    assert (network.parameters.gradients == 5).all()
    network.backward(ones)
    assert (network.parameters.gradients != 5).any()


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("name", CASES)
def test_no_family_touches_gradients_that_are_kept(name, rung):
    generator = np.random.default_rng(5)
    network = CASES[name](Draft(rung, generator))
    inputs, outputs = ends(network)
    values, signals = numbers(generator, inputs, 3), numbers(generator, outputs, 3)
    network.forward(values)
    wanted = flat(network.backward(signals)).copy()
    before = network.parameters.gradients.copy()
    assert before.any()
    network.forward(values)
    with network.parameters.gradients_kept():
        sent = flat(network.backward(signals)).copy()
    assert np.array_equal(sent, wanted)
    assert np.array_equal(network.parameters.gradients, before)


def test_a_family_without_terms_is_named():
    video, generator = VideoShape(2, 4, 4, 1), np.random.default_rng(0)
    network = ConvolutionalLSTM(video, channels=1, kernel=3, generator=generator)
    with pytest.raises(ValueError, match="convolutional_lstm: has no second-order terms; these families"):
        InputGradients(network)
