"""LSTM: every rung against central differences, the plain rung, and itself on parts of a sequence."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import lstm_o2
from networks.base import recurrent_tiles
from networks.base.stateful import HiddenStates
from networks.ladder import network_from_configuration
from nn.checks.gradients import check_gradients
from nn.initializers import Normal, Orthogonal
from nn.shape import SequenceShape, Shape
from tests.support import network_checks as checks
from tests.support import state_checks
from tests.support.lstm_networks import FAMILY, PLAIN, lstm, options, shapes
from tests.support.recurrent_checks import RecurrentChecks
from tests.support.rung_checks import every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

EVERYTHING = {"units": 3, "layers": 2, "bidirectional": True, "peepholes": True}
histories = st.integers(1, 20)


def build(kind, dtype):
    return lstm(kind, SequenceShape(3, 4), dtype, **EVERYTHING)


def of_steps(kind, dtype, **settings):
    return lambda steps: lstm(kind, SequenceShape(steps, 3), dtype, **settings)


@every_rung
@given(shape=shapes, settings=options, histories=st.integers(1, 4))
def test_gradients(rung, shape, settings, histories):
    network = lstm(FAMILY.rungs[rung], shape, **settings)
    values, _ = checks.numbers(network, histories)
    # Through three layers of one unit gradients shrink to 1e-5: wider steps keep rounding below them.
    sampled = {"sample": 30, "generator": np.random.default_rng(1)}
    check_gradients(network, values, epsilon=1e-5, **sampled).raise_if_wrong()


@every_rung
@given(shape=shapes, settings=options, histories=histories, masked=st.booleans())
def test_gradients_of_states(rung, shape, settings, histories, masked):
    network = lstm(FAMILY.rungs[rung], shape, **settings)
    network.step_mask = state_checks.mask(network, histories) if masked else None
    state_checks.check_slope(network, histories)


@every_faster_rung
@every_dtype
@given(shape=shapes, settings=options, histories=histories)
def test_same_as_plain(rung, dtype, shape, settings, histories):
    network, plain = (lstm(kind, shape, dtype, **settings) for kind in (FAMILY.rungs[rung], PLAIN))
    checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])
    state_checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])
    for layer in range(network.layer_count):
        for name in ("gates", "deltas", "hidden", "cells"):
            found, expected = (getattr(each, name)(layer) for each in (network, plain))
            checks.assert_close({name: found}, {name: expected}, FAMILY.tolerance[dtype])


LARGE = [(37, 50, 80), (37, 50, 40), (70, 9, 21)]
"""Units, features and histories that are enough for parallel regions, and do not fill whole tiles."""


@every_faster_rung
@every_dtype
@pytest.mark.parametrize(("units", "features", "histories"), LARGE)
def test_same_as_plain_where_it_is_worth_a_parallel_region(rung, dtype, units, features, histories):
    settings = {"units": units, "peepholes": True, "bidirectional": True}
    kinds = (FAMILY.rungs[rung], PLAIN)
    network, plain = (lstm(kind, SequenceShape(3, features), dtype, **settings) for kind in kinds)
    state_checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])


@every_dtype
@pytest.mark.parametrize("histories", [5, 80])
def test_weights_too_large_for_the_cache_change_nothing(monkeypatch, dtype, histories):
    monkeypatch.setattr(recurrent_tiles, "SECOND_LEVEL", 1000)
    network, plain = (lstm(kind, SequenceShape(3, 50), dtype, units=37) for kind in (lstm_o2.LSTM, PLAIN))
    state_checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])


@every_rung
@every_dtype
@pytest.mark.parametrize(("units", "features", "histories"), LARGE)
def test_threads_do_not_change_a_bit(rung, dtype, units, features, histories):
    network = lstm(FAMILY.rungs[rung], SequenceShape(3, features), dtype, units=units, peepholes=True)
    checks.check_threads(network, histories)


class TestEveryRung(RecurrentChecks):
    family = FAMILY
    build = staticmethod(build)
    of_steps = staticmethod(of_steps)


@every_rung
@every_dtype
def test_what_does_not_fit_is_refused(rung, dtype):
    messages = checks.check_wrong_input(build(FAMILY.rungs[rung], dtype)).splitlines()
    other = "float64" if dtype == "float32" else "float32"
    assert messages == [
        "lstm: signals have 2 histories, the last forward had 0",
        "lstm: input values have shape (3, 4, 0), expected (3x4, histories)",
        "lstm: signals have 1 histories, the last forward had 2",
        "lstm: signals have 40 histories, the last forward had 2",
        "lstm: input values have shape (2, 4, 2), expected (3x4, histories)",
        "lstm: input values have shape (3, 4), expected (3x4, histories)",
        f"lstm: input values are {other}, the network is {dtype}",
        "lstm: signals have shape (3, 5, 2), expected (3x6, histories)",
        f"lstm: signals are {other}, the network is {dtype}",
    ]


@every_rung
def test_states_and_masks_that_do_not_fit_are_refused(rung):
    few, expected = "of shape (4, 3, 1)", "expected float64 of shape (4, 3, 2)"
    assert state_checks.check_refusals(build(FAMILY.rungs[rung], "float64")) == [
        f"lstm: initial states: hidden are float64 {few}, {expected}",
        "lstm: initial states are no States: tuple",
        "lstm: carries hidden, cells; hidden_values is given",
        "lstm: carried states: hidden are float64 of shape (0, 3, 1), expected float64 of shape (4, 3, 1)",
        "lstm: it goes on from 1 histories, but 2 are given: call reset() before another batch begins",
        "lstm: step_mask is bool of shape (3, 1), expected bool of shape (3, 2)",
        "lstm: step_mask is float64 of shape (3, 2), expected bool of shape (3, 2)",
        f"lstm: final signals: hidden are float64 {few}, {expected}",
    ]


def test_states_of_another_kind_are_refused():
    network = build(PLAIN, "float64")
    values, _ = checks.numbers(network, 2)
    hidden = state_checks.states(network, 2).hidden
    with pytest.raises(ValueError, match="lstm: initial states are no States: HiddenStates"):
        network.forward(values, initial=HiddenStates(hidden))
    network.stateful = True
    with pytest.raises(ValueError, match=r"hidden are float64 of shape \(\), expected"):
        network.load_state({"hidden": np.zeros(()), "cells": np.zeros(())})
    assert network.state() == {}


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        (Shape(2, 2, 1), {"units": 2}, "lstm: the input 2x2x1 is not a sequence: give steps, features"),
        (SequenceShape(2, 1), {"units": 0}, "lstm: units 0 must be a whole number"),
        (
            SequenceShape(2, 1),
            {"units": 2, "layers": 0},
            "lstm: layers 0 must be a whole number",
        ),
        (SequenceShape(2, 1), {"units": 2, "forget_bias": np.nan}, "lstm: forget_bias nan must be a finite"),
        (SequenceShape(2, 1), {"units": 2, "dtype": "int32"}, "dtype int32: networks compute in float32"),
    ],
)
def test_what_cannot_be_built_is_refused(shape, settings, message):
    with pytest.raises(ValueError, match=message):
        PLAIN(shape, generator=np.random.default_rng(0), **settings)


@every_rung
@given(shape=shapes, settings=options, stateful=st.booleans())
def test_comes_back_from_its_configuration(rung, shape, settings, stateful):
    network = lstm(FAMILY.rungs[rung], shape, "float32", stateful=stateful, **settings)
    described = json.loads(json.dumps(network.to_configuration()))
    again = network_from_configuration(described, network.structure(), rung_name=rung)
    assert type(again) is type(network)
    assert again.to_configuration() == described
    again.parameters.copy_from(network.parameters)
    values, _ = checks.numbers(network, 2)
    assert np.array_equal(again.forward(values), network.forward(values))


@every_rung
def test_without_propagation_the_gradients_stay_the_same(rung):
    network = build(FAMILY.rungs[rung], "float64")
    values, signals = checks.numbers(network, 9)
    expected = checks.pass_through(network, values, signals)
    network.propagates = False
    found = checks.pass_through(network, values, signals)
    for name in ("outputs", *network.parameters.names):
        assert np.array_equal(found[name], expected[name])


def test_parameters_start_as_they_should():
    settings = {"initializer": Normal(2.0), "recurrent_initializer": Orthogonal(), "forget_bias": 0.5}
    generator = np.random.default_rng(0)
    network = PLAIN(
        SequenceShape(2, 400), units=8, peepholes=True, generator=generator, dtype="float64", **settings
    )
    assert network.parameters.names == [
        f"layer_0.forward.{name}" for name in ("input_weights", "recurrent_weights", "biases", "peepholes")
    ]
    assert np.std(network.parameters["layer_0.forward.input_weights"]) == pytest.approx(2, rel=0.05)
    for weights in np.split(network.parameters["layer_0.forward.recurrent_weights"], 4):
        np.testing.assert_allclose(weights @ weights.T, np.eye(8), atol=1e-12)
    biases = network.parameters["layer_0.forward.biases"].reshape(4, 8)
    assert biases.tolist() == [[0] * 8, [0.5] * 8, [0] * 8, [0] * 8]
    assert not network.parameters["layer_0.forward.peepholes"].any()


def test_an_unknown_direction_is_named():
    with pytest.raises(
        ValueError, match=r"lstm: no layer_2\.forward; there are layer_0\.forward, layer_0\.b"
    ):
        build(PLAIN, "float64").gates(2)


def test_connections_are_uses_of_weights():
    network = lstm(PLAIN, SequenceShape(5, 3), units=4, layers=2, bidirectional=True)
    assert network.connections == 5 * 2 * (16 * (3 + 4) + 16 * (8 + 4))


def test_memory_and_range():
    network = lstm(PLAIN, SequenceShape(5, 3), "float32", units=4)
    assert network.output_range() == (-1.0, 1.0)
    values, signals = checks.numbers(network, 16)
    network.forward(values)
    network.backward(signals)
    history = network._histories[0]
    kept = sum(each.nbytes for each in (*history.states, history.gates, history.deltas))
    assert kept < network.history_bytes(16) < 3 * kept
