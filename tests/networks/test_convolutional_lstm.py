"""Convolutional LSTM: every rung against central differences, the plain rung and the LSTM."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.base.stateful import HiddenStates
from networks.ladder import FAMILIES, network_from_configuration
from networks.lstm import LSTM
from networks.sequential import Sequential
from nn.shape import SequenceShape, Shape, VideoShape
from tests.support import network_checks as checks
from tests.support import state_checks
from tests.support.convolutional_lstm_networks import FAMILY, PLAIN, convolutional_lstm, settings, videos
from tests.support.rung_checks import RungChecks, every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

histories = st.integers(1, 20)


def build(kind, dtype):
    return convolutional_lstm(kind, VideoShape(3, 4, 5, 2), dtype)


def of_steps(kind, dtype, **options):
    return lambda steps: convolutional_lstm(kind, VideoShape(steps, 3, 4, 2), dtype, **options)


@every_rung
@given(shape=videos, settings=settings, histories=st.integers(1, 4))
def test_gradients(rung, shape, settings, histories):
    network = convolutional_lstm(FAMILY.rungs[rung], shape, **settings)
    checks.check_gradients(network, histories)


@every_rung
@given(shape=videos, settings=settings, histories=st.integers(1, 4), masked=st.booleans())
def test_gradients_of_states(rung, shape, settings, histories, masked):
    network = convolutional_lstm(FAMILY.rungs[rung], shape, **settings)
    network.step_mask = state_checks.mask(network, histories) if masked else None
    state_checks.check_slope(network, histories)


@every_faster_rung
@every_dtype
@given(shape=videos, settings=settings, histories=histories)
def test_same_as_plain(rung, dtype, shape, settings, histories):
    network, plain = (
        convolutional_lstm(kind, shape, dtype, **settings) for kind in (FAMILY.rungs[rung], PLAIN)
    )
    state_checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])
    gates = {"gates": network.gates()}, {"gates": plain.gates()}
    checks.assert_close(*gates, FAMILY.tolerance[dtype])


@every_faster_rung
@every_dtype
def test_same_as_plain_where_it_is_worth_a_parallel_region(rung, dtype):
    shape = VideoShape(3, 12, 11, 5)
    network, plain = (
        convolutional_lstm(kind, shape, dtype, channels=9) for kind in (FAMILY.rungs[rung], PLAIN)
    )
    network.parameters.values[:] *= 0.2
    checks.check_same_as_plain(network, plain, 21, FAMILY.tolerance[dtype])


@every_faster_rung
@every_dtype
@pytest.mark.parametrize("inputs", [3, 70])
def test_same_as_plain_with_more_sources_than_are_worked_off_together(rung, dtype, inputs):
    shape = VideoShape(2, 4, 3, inputs)
    network, plain = (
        convolutional_lstm(kind, shape, dtype, channels=20) for kind in (FAMILY.rungs[rung], PLAIN)
    )
    network.parameters.values[:] *= 0.05
    checks.check_same_as_plain(network, plain, 5, FAMILY.tolerance[dtype])


@every_rung
@every_dtype
def test_threads_do_not_change_a_bit(rung, dtype):
    network = convolutional_lstm(FAMILY.rungs[rung], VideoShape(3, 12, 11, 5), dtype, channels=9)
    checks.check_threads(network, 21)


class TestEveryRung(RungChecks):
    family = FAMILY
    build = staticmethod(build)


@every_rung
@every_dtype
def test_what_does_not_fit_is_refused(rung, dtype):
    messages = checks.check_wrong_input(build(FAMILY.rungs[rung], dtype)).splitlines()
    other = "float64" if dtype == "float32" else "float32"
    assert messages == [
        "convolutional_lstm: signals have 2 histories, the last forward had 0",
        "convolutional_lstm: input values have shape (3, 4, 5, 2, 0), expected (3x4x5x2, histories)",
        "convolutional_lstm: signals have 1 histories, the last forward had 2",
        "convolutional_lstm: signals have 40 histories, the last forward had 2",
        "convolutional_lstm: input values have shape (2, 4, 5, 2, 2), expected (3x4x5x2, histories)",
        "convolutional_lstm: input values have shape (3, 4, 5, 2), expected (3x4x5x2, histories)",
        f"convolutional_lstm: input values are {other}, the network is {dtype}",
        "convolutional_lstm: signals have shape (3, 4, 5, 2, 2), expected (3x4x5x3, histories)",
        f"convolutional_lstm: signals are {other}, the network is {dtype}",
    ]


@every_rung
def test_states_and_masks_that_do_not_fit_are_refused(rung):
    messages = state_checks.check_refusals(build(FAMILY.rungs[rung], "float64"))
    name = "convolutional_lstm"
    assert messages == [
        f"{name}: initial states: hidden are float64 of shape (4, 5, 3, 1), expected float64 of shape "
        "(4, 5, 3, 2)",
        f"{name}: initial states are no States: tuple",
        f"{name}: carries hidden, cells; hidden_values is given",
        f"{name}: carried states: hidden are float64 of shape (0, 5, 3, 1), expected float64 of shape "
        "(4, 5, 3, 1)",
        f"{name}: it goes on from 1 histories, but 2 are given: call reset() before another batch begins",
        f"{name}: step_mask is bool of shape (3, 1), expected bool of shape (3, 2)",
        f"{name}: step_mask is float64 of shape (3, 2), expected bool of shape (3, 2)",
        f"{name}: final signals: hidden are float64 of shape (4, 5, 3, 1), expected float64 of shape "
        "(4, 5, 3, 2)",
    ]


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        (Shape(4, 4, 1), {}, "the input 4x4x1 is not a video: give steps, height, width, channels"),
        (VideoShape(2, 4, 4, 1), {"channels": 0}, "channels 0 must be a whole number of at least 1"),
        (VideoShape(2, 4, 4, 1), {"forget_bias": np.inf}, "forget_bias inf must be a finite number"),
        (VideoShape(2, 4, 4, 1), {"kernel": 4}, "a kernel of 4 has no middle: give an odd number"),
    ],
)
def test_what_cannot_be_built_is_refused(shape, options, message):
    with pytest.raises(ValueError, match=message):
        convolutional_lstm(PLAIN, shape, **options)


@every_rung
@every_dtype
@pytest.mark.parametrize("whole_sequence", [True, False])
def test_a_masked_video_is_a_shorter_one(rung, dtype, whole_sequence):
    make = of_steps(FAMILY.rungs[rung], dtype, whole_sequence=whole_sequence)
    state_checks.check_masked_is_shorter(make, 4, 2, FAMILY.tolerance[dtype])


@every_rung
@every_dtype
@pytest.mark.parametrize("whole_sequence", [True, False])
def test_stateful_goes_on_where_it_ended(rung, dtype, whole_sequence):
    make = of_steps(FAMILY.rungs[rung], dtype, whole_sequence=whole_sequence)
    state_checks.check_goes_on(make, 2, FAMILY.tolerance[dtype])


@every_rung
@given(shape=videos, settings=settings, stateful=st.booleans())
def test_comes_back_from_its_configuration(rung, shape, settings, stateful):
    network = convolutional_lstm(FAMILY.rungs[rung], shape, stateful=stateful, **settings)
    described = json.loads(json.dumps(network.to_configuration()))
    again = network_from_configuration(described, {}, rung_name=rung, dtype=np.float64)
    assert type(again) is type(network)
    assert again.to_configuration() == described
    assert not again.parameters.values.any()
    again.parameters.copy_from(network.parameters)
    values, _ = checks.numbers(network, 2)
    assert np.array_equal(again.forward(values), network.forward(values))


def test_parameters_start_as_they_should():
    options = {"channels": 2, "kernel": 3, "peepholes": True}
    network = PLAIN(VideoShape(2, 4, 4, 3), **options, generator=np.random.default_rng(0))
    shapes = {name: network.parameters[name].shape for name in network.parameters.names}
    assert shapes == {
        "input_weights": (8, 3, 3, 3),
        "recurrent_weights": (8, 3, 3, 2),
        "biases": (8,),
        "peepholes": (3, 4, 4, 2),
    }
    assert network.parameters["biases"].tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert not network.parameters["peepholes"].any()
    gate = network.parameters["recurrent_weights"][:2].reshape(2, -1)
    assert np.allclose(gate @ gate.T, np.eye(2), atol=1e-6)


@every_rung
def test_no_network_has_peepholes_unless_it_is_asked_for_them(rung):
    kinds = {name: FAMILIES[name].rungs[rung] for name in ("lstm", "lstm_cell", "convolutional_lstm")}
    generator = np.random.default_rng(0)
    networks = [
        kinds["lstm"](SequenceShape(2, 3), units=2, generator=generator),
        kinds["lstm_cell"](3, units=2, generator=generator),
        kinds["convolutional_lstm"](VideoShape(2, 4, 4, 3), channels=2, kernel=3, generator=generator),
    ]
    assert not [name for network in networks for name in network.parameters.names if "peepholes" in name]


@every_rung
@every_dtype
def test_one_pixel_is_an_lstm(rung, dtype):
    network = convolutional_lstm(FAMILY.rungs[rung], VideoShape(4, 1, 1, 3), dtype, channels=2, kernel=1)
    same = LSTM(SequenceShape(4, 3), units=2, peepholes=True, generator=np.random.default_rng(0), dtype=dtype)
    for name in network.parameters.names:
        array = same.parameters[f"layer_0.forward.{name}"]
        array[...] = network.parameters[name].reshape(array.shape)
    values, signals = checks.numbers(network, 5)
    found = checks.pass_through(network, values, signals)
    flat = (values.reshape(4, 3, 5), signals.reshape(4, 2, 5))
    expected = {
        name.removeprefix("layer_0.forward."): array.reshape(
            found[name.removeprefix("layer_0.forward.")].shape
        )
        for name, array in checks.pass_through(same, *flat).items()
    }
    checks.assert_close(found, expected, FAMILY.tolerance[dtype])


@every_rung
def test_layers_are_stacked_one_after_another(rung):
    kind = FAMILY.rungs[rung]
    first = convolutional_lstm(kind, VideoShape(2, 3, 4, 2), channels=3)
    second = convolutional_lstm(kind, VideoShape(2, 3, 4, 3), channels=1, whole_sequence=False)
    network = Sequential([first, second])
    assert network.output_shape == Shape(3, 4, 1)
    checks.check_gradients(network, 3)


@every_rung
def test_without_propagation_the_gradients_stay_the_same(rung):
    network = build(FAMILY.rungs[rung], "float64")
    values, signals = checks.numbers(network, 9)
    expected = checks.pass_through(network, values, signals)
    network.propagates = False
    found = checks.pass_through(network, values, signals)
    for name in ("outputs", *network.parameters.names):
        assert np.array_equal(found[name], expected[name])


def test_no_other_kind_of_states_fits():
    network = build(PLAIN, "float64")
    values, _ = checks.numbers(network, 2)
    with pytest.raises(ValueError, match="initial states are no States: HiddenStates"):
        network.forward(values, initial=HiddenStates(np.zeros((4, 5, 3, 2))))


def test_connections_are_uses_of_weights_within_the_image():
    network = convolutional_lstm(PLAIN, VideoShape(5, 4, 3, 2), channels=3, peepholes=False)
    pairs = (3 * 4 - 2) * (3 * 3 - 2)  # each row sees three rows, those at the edges two; columns likewise
    assert network.connections == 5 * pairs * 12 * (2 + 3)
    with_peepholes = convolutional_lstm(PLAIN, VideoShape(5, 4, 3, 2), channels=3)
    assert with_peepholes.connections == network.connections + 5 * 3 * 4 * 3 * 3
