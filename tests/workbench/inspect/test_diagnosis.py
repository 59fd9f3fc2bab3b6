"""Signs of trouble: planted ones are found and named, and looking for them leaves training as it was."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from networks import LSTM, BatchNormalisation, Convolution, Dense, Dropout, Sequential
from networks.base.network import Network
from nn import (
    SGD,
    Adam,
    ArrayBatches,
    ClipByGlobalNorm,
    Identity,
    Optimizer,
    Options,
    ReLU,
    SequenceShape,
    Shape,
    Sigmoid,
    SquaredError,
    Tanh,
    Trainer,
)
from nn.training.log import LogRow
from tests.support.live_models import ARCHITECTURES, checksum, inspect, make_session
from workbench.errors import OperationError
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.checkup import KEPT, Checkup
from workbench.inspect.diagnosis import QUANTITIES, spread
from workbench.inspect.trends import trends
from workbench.run.changes import parse_changes
from workbench.run.trainer_session import TrainerSession

SAMPLES = 24


def session_of(network: Network, optimizer: Optimizer | None = None, **options: Any) -> TrainerSession:
    """Return a session that trains a network on numbers that are drawn."""
    generator = np.random.default_rng(5)
    inputs, targets = (
        generator.uniform(-1, 1, (SAMPLES, *shape)).astype(np.float32)
        for shape in (network.input_shape, network.output_shape)
    )
    trainer = Trainer(
        network,
        SquaredError(),
        optimizer or Adam(0.003),
        ArrayBatches(inputs, 0.5 * targets),
        batch_size=8,
        generator=np.random.default_rng(2),
        **options,
    )
    return TrainerSession(trainer)


def dense(activations: Sequence[Any]) -> Sequential:
    """Return a network of 12 neurons a layer."""
    layers = [Dense.of(12, activation=each) for each in activations]
    return Sequential(Shape(1, 1, 12), layers, generator=np.random.default_rng(1))


def in_bfloat16(network: Network) -> Network:
    network.store_as("bfloat16")
    return network


def checkup_of(session: TrainerSession) -> Checkup:
    return Checkup(session, Anatomy(session.network))


def found(session: TrainerSession) -> list[tuple[int | None, str]]:
    """Return layers and kinds of what is found."""
    header, _ = checkup_of(session).check()
    return [(each["layer"], each["kind"]) for each in header["findings"]]


SESSIONS = {
    "adam": lambda: session_of(dense([Tanh(), Tanh()])),
    "plain descent": lambda: session_of(dense([Tanh(), Tanh()]), SGD(0.01)),
    "clipped": lambda: session_of(
        dense([Tanh(), Tanh()]), SGD(0.01, momentum=0.9), options=Options(clipping=ClipByGlobalNorm(0.01))
    ),
    "bfloat16": lambda: session_of(in_bfloat16(dense([Tanh(), Tanh()]))),
    "convolution": lambda: session_of(
        Sequential(
            Shape(6, 6, 2),
            [
                Convolution.of(channels=3, kernel=3, activation=ReLU()),
                BatchNormalisation.of(),
                Dropout.of(rate=0.3),
                Dense.of(2),
            ],
            generator=np.random.default_rng(1),
        )
    ),
    "stateful": lambda: session_of(
        Sequential(SequenceShape(4, 3), [LSTM.of(units=5, stateful=True)], generator=np.random.default_rng(1))
    ),
}


@pytest.mark.parametrize("kind", SESSIONS)
def test_training_has_the_same_bits_when_every_step_is_looked_into(kind: str):
    plain, watched = SESSIONS[kind](), SESSIONS[kind]()
    checkup = checkup_of(watched)
    for _ in range(7):
        checkup.check()
        plain.trainer.advance()
        watched.trainer.advance()
    assert checksum(plain) == checksum(watched)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_goes_for_every_architecture_with_locks_and_clamps(name: str):
    plain, watched = make_session(name, masked=True), make_session(name, masked=True)
    changes = [
        {"kind": "clamp", "layer": 1, "neuron": 0, "value": 0.5},
        {"kind": "lock", "layer": 2, "neuron": 1, "locked": True},
    ]
    for session in (plain, watched):
        session.steering.apply(parse_changes(changes))
    _, inspector = inspect(watched)
    for _ in range(3):
        inspector.diagnose()
        plain.trainer.advance()
        watched.trainer.advance()
    assert checksum(plain) == checksum(watched)


@pytest.mark.parametrize("kind", SESSIONS)
def test_every_parameter_belongs_to_one_layer(kind: str):
    network = SESSIONS[kind]().network
    anatomy = Anatomy(network)
    layers = range(anatomy.inputs, len(anatomy.layers))
    places = np.concatenate([anatomy.parameters_of(layer) for layer in layers])
    assert np.array_equal(np.sort(places), np.arange(network.parameters.values.size))


@pytest.mark.parametrize("kind", ["adam", "plain descent", "clipped"])
def test_updates_are_those_of_the_step_that_follows(kind: str):
    session = SESSIONS[kind]()
    anatomy = Anatomy(session.network)
    header, arrays = Checkup(session, anatomy).check()
    before = session.network.parameters.values.copy()
    session.trainer.advance()
    for layer in (1, 2):
        places = anatomy.parameters_of(layer)
        weights, after = before[places], session.network.parameters.values[places]
        for name, numbers in (("weights", weights), ("updates", after - weights)):
            expected, quantity = spread(numbers), QUANTITIES.index(name)
            np.testing.assert_array_equal(arrays["quantiles"][-1, layer - 1, quantity], expected.quantiles)
            np.testing.assert_array_equal(arrays["counts"][layer - 1, quantity], expected.counts)
        moved = np.linalg.norm(after - weights) / np.linalg.norm(weights)
        assert header["layers"][layer - 1]["moved"] == pytest.approx(moved, rel=1e-4)


def test_a_healthy_network_has_no_findings():
    assert found(session_of(dense([Tanh(), Tanh(), Identity()]))) == []


def test_dead_neurons_are_counted():
    session = session_of(dense([ReLU(), Identity()]))
    anatomy = Anatomy(session.network)
    for neuron in range(5):
        session.network.parameters.values[anatomy.bias(1, neuron)] = -100
    header, _ = Checkup(session, anatomy).check()
    assert [each["dead"] for each in header["layers"]] == [5, 0]
    assert [(each["layer"], each["kind"]) for each in header["findings"]] == [(1, "dead")]
    assert header["findings"][0]["seen"].startswith("5 of 12 neurons are dead")


def test_where_all_are_dead_nothing_arrives_before_them():
    session = session_of(dense([Tanh(), ReLU(), Identity()]))
    anatomy = Anatomy(session.network)
    for neuron in range(12):
        session.network.parameters.values[anatomy.bias(2, neuron)] = -100
    assert (1, "silent") in found(session)
    assert (2, "dead") in found(session)


def test_saturated_layers_are_found_but_not_outputs():
    session = session_of(dense([Tanh(), Sigmoid()]))
    session.network.parameters.values[...] *= 1000
    kinds = found(session)
    assert (1, "saturated") in kinds
    assert (2, "saturated") not in kinds


def test_signals_that_fade_and_grow_are_found():
    fading = session_of(dense([Sigmoid()] * 4 + [Identity()]))
    fading.network.parameters.values[...] *= 0.01
    assert (1, "vanishing") in found(fading)
    growing = session_of(dense([Identity()] * 4))
    growing.network.parameters.values[...] *= 100
    kinds = found(growing)
    assert (1, "exploding") in kinds
    assert (4, "exploding") not in kinds


@pytest.mark.parametrize(("rate", "kind"), [(3.0, "fast"), (1e-9, "slow")])
def test_rates_that_are_too_high_or_too_low_are_found(rate: float, kind: str):
    assert found(session_of(dense([Tanh(), Identity()]), Adam(rate))) == [(1, kind), (2, kind)]


def test_a_locked_layer_is_not_called_slow():
    session = session_of(dense([Tanh(), Identity()]))
    session.network.parameters.freeze("0")
    header, _ = checkup_of(session).check()
    assert header["layers"][0]["moved"] == 0
    assert header["findings"] == []


def test_a_last_activation_that_stops_short_of_the_targets_is_found():
    session = session_of(dense([Tanh(), Sigmoid()]))
    assert found(session) == [(2, "squeezed")]


def test_a_step_that_would_diverge_is_said_and_not_made():
    session = session_of(dense([Tanh(), Identity()]))
    session.network.parameters.values[3] = np.nan
    before = checksum(session)
    checkup = checkup_of(session)
    header, _ = checkup.check()
    assert [each["kind"] for each in header["findings"]] == ["diverging"]
    assert header["layers"] == header["steps"] == []
    assert checksum(session) == before


def test_a_check_is_made_once_for_all_viewers_and_again_after_a_step():
    session = session_of(dense([Tanh(), Identity()]))
    checkup = checkup_of(session)
    first, again = checkup.check()[0], checkup.check()[0]
    assert first["steps"] == again["steps"] == [0]
    session.trainer.advance()
    assert checkup.check()[0]["steps"] == [0, 1]


def test_of_many_checks_every_second_one_is_kept_and_the_last():
    session = session_of(dense([Tanh(), Identity()]))
    checkup = checkup_of(session)
    for step in range(3 * KEPT):
        session.trainer.step = step
        steps = checkup.check()[0]["steps"]
        assert len(steps) <= KEPT
        assert steps[-1] == step
    assert steps[0] == 0
    assert np.diff(steps).max() <= 16


def test_checks_after_what_was_gone_back_from_are_dropped():
    session = session_of(dense([Tanh(), Identity()]))
    checkup = checkup_of(session)
    for step in (0, 5, 9, 6):
        session.trainer.step = step
        steps = checkup.check()[0]["steps"]
    assert steps == [0, 5, 6]


def test_without_memory_it_is_refused(monkeypatch: pytest.MonkeyPatch):
    session = session_of(dense([Tanh(), Identity()]))
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 16)
    with pytest.raises(OperationError, match="undoing a step"):
        checkup_of(session).check()


def test_numbers_are_spread_over_bins_and_quantiles():
    measured = spread(np.array([-1.0, 0.0, 0.0, 3.0], np.float32))
    assert measured.quantiles[[0, 3, 6]].tolist() == [-1, 0, 3]
    assert measured.counts.sum() == 4
    assert measured.size == pytest.approx(np.sqrt(10 / 4))
    partly = spread(np.array([np.nan, 1.0, 2.0], np.float32))
    assert partly.quantiles[[0, 6]].tolist() == [1, 2]
    empty = spread(np.full(3, np.nan, np.float32))
    assert not empty.is_known
    assert np.isnan(empty.quantiles).all()
    assert empty.size == 0


def row(epoch: int, training: float | None, held_out: float | None = None) -> LogRow:
    return LogRow(epoch, 10 * epoch, float(epoch), training, held_out, 0.1)


@pytest.mark.parametrize(
    ("losses", "kinds"),
    [
        ([(1, 0.5), (2, 0.1), (3, 0.29)], []),
        ([(1, 0.5), (2, 0.1), (3, 0.31)], ["climbing"]),
        ([(1, -0.5), (2, -2), (3, 1.0)], []),
        ([(1, None)], []),
        ([(1, 0.5, 0.5), (2, 0.3, 0.4), (3, 0.2, 0.5), (4, 0.15, 0.5)], []),
        ([(1, 0.5, 0.5), (2, 0.3, 0.4), (3, 0.2, 0.5), (5, 0.15, 0.5)], ["overfitting"]),
        ([(1, 0.5, 0.5), (2, 0.3, 0.4), (3, 0.2, 0.5), (5, 0.35, 0.5)], []),
        ([(1, 0.5, 0.5), (2, 0.3, 0.4), (3, 0.2, 0.5), (5, 0.15, 0.47)], []),
    ],
)
def test_errors_that_grow_are_found(losses: list[tuple[Any, ...]], kinds: list[str]):
    assert [each.kind for each in trends([row(*each) for each in losses])] == kinds


def test_a_training_that_went_wrong_is_said():
    session = session_of(dense([Tanh(), Identity()]), Adam(0.01))
    session.trainer.train(epochs=20)
    session.trainer.optimizer.learning_rate = 50.0
    session.trainer.train(epochs=23)
    assert (None, "climbing") in found(session)
