"""GRU: every rung against central differences, the plain rung, and itself on parts of a sequence."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import gru_o2
from networks.base import recurrent_tiles
from networks.base.stateful import HiddenStates, States
from networks.ladder import network_from_configuration
from nn.checks.gradients import check_gradients
from nn.initializers import Normal, Orthogonal
from nn.shape import SequenceShape, Shape
from tests.support import network_checks as checks
from tests.support import state_checks
from tests.support.gru_networks import FAMILY, PLAIN, gru, options, shapes
from tests.support.recurrent_checks import RecurrentChecks
from tests.support.rung_checks import every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

EVERYTHING = {"units": 3, "layers": 2, "bidirectional": True}
LARGE = [(37, 50, 80), (37, 50, 40), (70, 9, 21)]
"""Units, features and histories that are enough for parallel regions, and do not fill whole tiles."""

histories = st.integers(1, 20)


def build(kind, dtype):
    return gru(kind, SequenceShape(3, 4), dtype, **EVERYTHING)


def of_steps(kind, dtype, **settings):
    return lambda steps: gru(kind, SequenceShape(steps, 3), dtype, **settings)


@every_rung
@given(shape=shapes, settings=options, histories=st.integers(1, 4))
def test_gradients(rung, shape, settings, histories):
    network = gru(FAMILY.rungs[rung], shape, **settings)
    values, _ = checks.numbers(network, histories)
    # Through three layers of one unit gradients shrink to 1e-5: wider steps keep rounding below them.
    sampled = {"sample": 30, "generator": np.random.default_rng(1)}
    check_gradients(network, values, epsilon=1e-5, **sampled).raise_if_wrong()


@every_rung
@given(shape=shapes, settings=options, histories=histories, masked=st.booleans())
def test_gradients_of_states(rung, shape, settings, histories, masked):
    network = gru(FAMILY.rungs[rung], shape, **settings)
    network.step_mask = state_checks.mask(network, histories) if masked else None
    state_checks.check_slope(network, histories)


@every_faster_rung
@every_dtype
@given(shape=shapes, settings=options, histories=histories)
def test_same_as_plain(rung, dtype, shape, settings, histories):
    network, plain = (gru(kind, shape, dtype, **settings) for kind in (FAMILY.rungs[rung], PLAIN))
    state_checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])
    for layer in range(network.layer_count):
        for name in ("gates", "deltas", "hidden"):
            found, expected = (getattr(each, name)(layer) for each in (network, plain))
            state_checks.assert_close({name: found}, {name: expected}, FAMILY.tolerance[dtype])


@every_faster_rung
@every_dtype
@pytest.mark.parametrize(("units", "features", "histories"), LARGE)
def test_same_as_plain_where_it_is_worth_a_parallel_region(rung, dtype, units, features, histories):
    settings = {"units": units, "bidirectional": True}
    kinds = (FAMILY.rungs[rung], PLAIN)
    network, plain = (gru(kind, SequenceShape(3, features), dtype, **settings) for kind in kinds)
    state_checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])


@every_dtype
@pytest.mark.parametrize("histories", [5, 80])
def test_weights_too_large_for_the_cache_change_nothing(monkeypatch, dtype, histories):
    monkeypatch.setattr(recurrent_tiles, "SECOND_LEVEL", 1000)
    network, plain = (gru(kind, SequenceShape(3, 50), dtype, units=37) for kind in (gru_o2.GRU, PLAIN))
    state_checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])


@every_rung
@every_dtype
@pytest.mark.parametrize(("units", "features", "histories"), LARGE)
def test_threads_do_not_change_a_bit(rung, dtype, units, features, histories):
    network = gru(FAMILY.rungs[rung], SequenceShape(3, features), dtype, units=units)
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
        "gru: signals have 2 histories, the last forward had 0",
        "gru: input values have shape (3, 4, 0), expected (3x4, histories)",
        "gru: signals have 1 histories, the last forward had 2",
        "gru: signals have 40 histories, the last forward had 2",
        "gru: input values have shape (2, 4, 2), expected (3x4, histories)",
        "gru: input values have shape (3, 4), expected (3x4, histories)",
        f"gru: input values are {other}, the network is {dtype}",
        "gru: signals have shape (3, 5, 2), expected (3x6, histories)",
        f"gru: signals are {other}, the network is {dtype}",
    ]


@every_rung
def test_states_and_masks_that_do_not_fit_are_refused(rung):
    few, expected = "of shape (4, 3, 1)", "expected float64 of shape (4, 3, 2)"
    assert state_checks.check_refusals(build(FAMILY.rungs[rung], "float64")) == [
        f"gru: initial states: hidden are float64 {few}, {expected}",
        "gru: initial states are no HiddenStates: tuple",
        "gru: carries hidden; hidden_values is given",
        "gru: carried states: hidden are float64 of shape (0, 3, 1), expected float64 of shape (4, 3, 1)",
        "gru: it goes on from 1 histories, but 2 are given: call reset() before another batch begins",
        "gru: step_mask is bool of shape (3, 1), expected bool of shape (3, 2)",
        "gru: step_mask is float64 of shape (3, 2), expected bool of shape (3, 2)",
        f"gru: final signals: hidden are float64 {few}, {expected}",
    ]


def test_states_of_another_kind_are_refused():
    network = build(PLAIN, "float64")
    values, _ = checks.numbers(network, 2)
    states = state_checks.states(network, 2)
    with pytest.raises(ValueError, match="gru: initial states are no HiddenStates: States"):
        network.forward(values, initial=States(states.hidden, states.hidden))
    assert isinstance(network.final_states, HiddenStates)


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        (Shape(2, 2, 1), {"units": 2}, "gru: the input 2x2x1 is not a sequence: give steps, features"),
        (SequenceShape(2, 1), {"units": 0}, "gru: units 0 must be a whole number"),
        (SequenceShape(2, 1), {"units": 2, "layers": 0}, "gru: layers 0 must be a whole number"),
        (SequenceShape(2, 1), {"units": 2, "dtype": "int32"}, "dtype int32: networks compute in float32"),
    ],
)
def test_what_cannot_be_built_is_refused(shape, settings, message):
    with pytest.raises(ValueError, match=message):
        PLAIN(shape, generator=np.random.default_rng(0), **settings)


@every_rung
@given(shape=shapes, settings=options, stateful=st.booleans())
def test_comes_back_from_its_configuration(rung, shape, settings, stateful):
    network = gru(FAMILY.rungs[rung], shape, "float32", stateful=stateful, **settings)
    described = json.loads(json.dumps(network.to_configuration()))
    again = network_from_configuration(described, network.structure(), rung_name=rung)
    assert type(again) is type(network)
    assert again.to_configuration() == described
    assert not again.parameters.values.any()
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
    settings = {"initializer": Normal(2.0), "recurrent_initializer": Orthogonal()}
    generator = np.random.default_rng(0)
    network = PLAIN(SequenceShape(2, 400), units=8, generator=generator, dtype="float64", **settings)
    assert network.parameters.shapes == {
        "layer_0.forward.input_weights": (24, 400),
        "layer_0.forward.recurrent_weights": (24, 8),
        "layer_0.forward.biases": (24,),
        "layer_0.forward.recurrent_biases": (8,),
    }
    assert np.std(network.parameters["layer_0.forward.input_weights"]) == pytest.approx(2, rel=0.05)
    for weights in np.split(network.parameters["layer_0.forward.recurrent_weights"], 3):
        np.testing.assert_allclose(weights @ weights.T, np.eye(8), atol=1e-12)
    assert not network.parameters["layer_0.forward.biases"].any()
    assert not network.parameters["layer_0.forward.recurrent_biases"].any()


@every_rung
def test_one_unit_by_hand(rung):
    network = gru(FAMILY.rungs[rung], SequenceShape(1, 1), units=1)
    rows = {"input_weights": [1, 2, 3], "recurrent_weights": [4, 5, 6], "biases": [0.1, 0.2, 0.3]}
    for name, numbers in rows.items():
        network.parameters[f"layer_0.forward.{name}"].ravel()[:] = numbers
    network.parameters["layer_0.forward.recurrent_biases"][:] = 0.4
    x, h = 0.5, -0.25
    r = 1 / (1 + np.exp(-(x + 4 * h + 0.1)))
    z = 1 / (1 + np.exp(-(2 * x + 5 * h + 0.2)))
    n = np.tanh(3 * x + 0.3 + r * (6 * h + 0.4))
    outputs = network.forward(np.full((1, 1, 1), x), initial=HiddenStates(np.full((1, 1, 1), h)))
    assert outputs.item() == pytest.approx((1 - z) * n + z * h, rel=1e-12)
    assert network.gates()[0, :3].ravel() == pytest.approx([r, z, n], rel=1e-12)


def test_connections_are_uses_of_weights():
    network = gru(PLAIN, SequenceShape(5, 3), units=4, layers=2, bidirectional=True)
    assert network.connections == 5 * 2 * (12 * (3 + 4) + 12 * (8 + 4))
