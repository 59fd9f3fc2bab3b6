"""The gradient checker: right gradients pass, and a wrong one in any place fails by its name."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.dense import Dense
from networks.ladder import FAMILIES
from networks.model import Model
from networks.sequential import Sequential
from nn.activations import Identity, LeakyReLU, ReLU, Tanh
from nn.checks.gradients import check_gradients
from nn.checks.report import GradientError
from nn.initializers import BiasInitializer
from nn.losses import LOSSES, AbsoluteError, SquaredError, loss_by_name
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support.loss_samples import sample

pytestmark = pytest.mark.usefixtures("one_thread")

SHAPES = [Shape(2, 3, 1), Shape(2, 2, 1), Shape(1, 3, 2), Shape(1, 1, 2)]
HISTORIES = 3


class Wrong(Dense):
    """A dense layer with one wrong number after backward: `place` names the array, `entry` the position."""

    place = ""
    entry = 0

    def backward(self, signals, learning_rate=None):
        input_signals = super().backward(signals, learning_rate)
        arrays = {"inputs": input_signals}
        if self.place == "signals":
            arrays["signals"] = self.signal_rows = self.signal_rows.copy()
        elif self.place in self.parameters:
            arrays[self.place] = self.parameters.gradient(self.place)
        if self.place:
            arrays[self.place].flat[self.entry] += 1e-3
        return input_signals


def layers(activation=None):
    generator = np.random.default_rng(0)
    options = {
        "generator": generator,
        "activation": activation or Tanh(),
        "bias": BiasInitializer(spread=0.3),
    }
    return [Wrong(*pair, **options, dtype=np.float64) for pair in pairwise(SHAPES)]


def inputs(network):
    return checks.numbers(network, HISTORIES)[0]


def named(name, shape, position):
    return f"{name}[{', '.join(map(str, np.unravel_index(position, shape)))}]"


@pytest.mark.parametrize("place", ["weights", "biases", "inputs", "signals"])
@given(data=st.data())
def test_one_wrong_number_in_a_layer_fails_by_its_name(place, data):
    network = layers()[0]
    shapes = {
        "weights": (4, 6),
        "biases": (4,),
        "inputs": (*network.input_shape, HISTORIES),
        "signals": (*network.output_shape, HISTORIES),
    }
    network.place = place
    network.entry = data.draw(st.integers(0, int(np.prod(shapes[place])) - 1))
    report = check_gradients(network, inputs(network))
    assert not report.ok
    assert [each.worst for each in report.wrong] == [named(place, shapes[place], network.entry)]
    with pytest.raises(GradientError) as raised:
        report.raise_if_wrong()
    assert named(place, shapes[place], network.entry) in str(raised.value).splitlines()[0]


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("weights", "1.weights"),
        ("biases", "1.biases"),
        ("signals", "layer 1 signals"),
        ("inputs", "layer 0 signals"),
    ],
)
@given(data=st.data())
def test_one_wrong_number_in_a_stack_fails_by_its_name(place, kind, data):
    parts = layers()
    size = {"weights": 24, "biases": 6, "signals": 6 * HISTORIES, "inputs": 4 * HISTORIES}[place]
    parts[1].place, parts[1].entry = place, data.draw(st.integers(0, size - 1))
    report = check_gradients(Sequential(parts), inputs(parts[0]))
    shapes = {
        "weights": (6, 4),
        "biases": (6,),
        "signals": (*SHAPES[2], HISTORIES),
        "inputs": (*SHAPES[1], HISTORIES),
    }
    wrong = {each.kind: each.worst for each in report.wrong}
    assert wrong[kind] == named(kind, shapes[place], parts[1].entry)
    before = {"0.weights", "0.biases", "inputs"} if place == "inputs" else set()
    assert set(wrong) <= {kind} | before


@pytest.mark.parametrize(
    ("family", "rung"), [(name, rung) for name, each in FAMILIES.items() for rung in each.rungs]
)
def test_every_rung_of_every_family_passes(family, rung):
    kind = FAMILIES[family]
    network = kind.example(kind.rungs[rung], generator=np.random.default_rng(0), dtype=np.float64)
    report = check_gradients(network, inputs(network), sample=50, generator=np.random.default_rng(0))
    report.raise_if_wrong()
    kinds = {*network.parameters.names, "inputs", "signals"}
    kinds -= {"inputs"} if network.labels is not None else set()
    kinds -= {"signals"} if isinstance(network, Model) else set()
    assert {each.kind for each in report.comparisons} == kinds
    assert all(0 < each.checked <= 50 for each in report.comparisons)


@pytest.mark.parametrize("name", LOSSES)
def test_any_loss_with_padding_and_a_mask(name):
    network = Sequential(layers(Identity() if name.endswith("logits") else Tanh()))
    generator = np.random.default_rng(3)
    values, _ = checks.numbers(network, 5)
    _, targets = sample(loss_by_name(name), (*network.output_shape, 5), generator)
    if LOSSES[name].output_range == (0, 1):
        network.parameters["2.biases"][:] = 2  # tanh stays within (0, 1)
        network.parameters["2.weights"][:] *= 0.1
    mask = generator.random((1, 1, 1, 5))
    report = check_gradients(network, values, loss=loss_by_name(name), targets=targets, entries=4, mask=mask)
    report.raise_if_wrong()
    signals = next(each for each in report.comparisons if each.kind == "inputs")
    assert signals.checked == values.size


def test_a_stack_in_a_stack_is_checked_at_every_layer():
    parts = layers()
    network = Sequential([Sequential(parts[:2]), parts[2]])
    report = check_gradients(network, inputs(network))
    report.raise_if_wrong()
    kinds = [each.kind for each in report.comparisons]
    assert kinds[:6] == [f"{part}.{name}" for part in ("0.0", "0.1", "1") for name in ("weights", "biases")]
    assert kinds[6:] == ["inputs", "layer 0 signals", "layer 1 signals", "layer 2 signals"]


def network_of(dtype=np.float64, propagates=True):
    """Return a layer of rectifiers."""
    network = Dense(SHAPES[0], SHAPES[1], activation=ReLU(), generator=np.random.default_rng(0), dtype=dtype)
    network.propagates = propagates
    return network


def rectifiers(histories_at_zero, histories=40):
    """Return a layer without biases, and inputs of which some put every neuron on its kink."""
    network = network_of()
    values, _ = checks.numbers(network, histories)
    values[..., :histories_at_zero] = 0
    return network, values


def test_kinks_are_skipped_and_counted():
    report = check_gradients(*rectifiers(histories_at_zero=1))
    report.raise_if_wrong()
    kinks = {each.kind: each.kinks for each in report.comparisons}
    assert kinks["biases"] == 4
    assert kinks["inputs"] == 6
    assert "4 kinks skipped" in str(report)


def test_a_check_on_kinks_alone_is_none():
    report = check_gradients(*rectifiers(histories_at_zero=40))
    assert not report.wrong
    assert not report.ok
    assert "too many entries lie on kinks" in str(report)


@given(entry=st.integers(0, 23))
def test_a_wrong_gradient_beside_kinks_is_no_kink(entry):
    options = {"activation": LeakyReLU(), "generator": np.random.default_rng(0), "dtype": np.float64}
    network = Wrong(SHAPES[0], SHAPES[1], **options)
    network.place, network.entry = "weights", entry
    _, values = rectifiers(histories_at_zero=1)
    assert [each.worst for each in check_gradients(network, values).wrong] == [
        named("weights", (4, 6), entry)
    ]


def test_the_kink_of_a_loss_within_a_step_is_seen_too():
    network = layers()[0]
    values = inputs(network)
    targets = network.forward(values).copy()
    targets += 0.5
    targets[0, 0, 0, 0] += 0.3e-6 - 0.5
    report = check_gradients(network, values, loss=AbsoluteError(), targets=targets)
    assert not report.wrong
    assert next(each for each in report.comparisons if each.kind == "signals").kinks == 1


def test_parameters_gradients_and_inputs_come_back():
    network = Sequential(layers())
    values = inputs(network)
    kept = network.parameters.values.copy(), values.copy()
    network.parameters.gradients[:] = 5
    check_gradients(network, values).raise_if_wrong()
    assert np.array_equal(network.parameters.values, kept[0])
    assert np.array_equal(values, kept[1])
    assert (network.parameters.gradients == 5).all()


def test_nan_fails():
    network = layers()[0]
    network.parameters["weights"][1, 2] = np.nan
    report = check_gradients(network, inputs(network))
    assert not report.ok
    assert {each.kind for each in report.wrong} == {"weights", "biases", "inputs", "signals"}


def test_a_sample_is_drawn_from_the_generator():
    network = layers()[0]
    reports = [
        check_gradients(network, inputs(network), sample=3, generator=np.random.default_rng(1))
        for _ in range(2)
    ]
    assert [each.checked for each in reports[0].comparisons] == [3, 3, 3, 3]
    assert reports[0] == reports[1]


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        (network_of(np.float32), {}, "computes in float32: build it with dtype=float64"),
        (network_of(propagates=False), {}, "set propagates = True"),
        (network_of(), {"loss": SquaredError()}, "a loss needs targets"),
        (network_of(), {"targets": np.zeros((2, 2, 1, 3))}, "targets need a loss"),
        (network_of(), {"sample": 3}, "give a generator too"),
        (network_of(), {"epsilon": np.nan}, "epsilon nan must be a finite number above 0"),
        (network_of(), {"tolerance": np.inf}, "tolerance inf must be a finite number above 0"),
    ],
)
def test_what_cannot_be_checked_is_refused(network, options, message):
    with pytest.raises(ValueError, match=message):
        check_gradients(network, inputs(network), **options)
