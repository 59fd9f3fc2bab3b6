"""The walk through a step: it shows what the step computes, and the step is the same afterwards."""

from typing import Any

import numpy as np
import pytest

from autoencoder.session import HALVES, Session
from nn.training.batch import Batch
from nn.training.losses import batch_loss
from nn.training.trainable import forget_batch
from tests.support.live_models import ARCHITECTURES, checksum, inspect, make_session
from workbench.errors import OperationError
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.inspector import Inspector
from workbench.inspect.probe import gather
from workbench.run.changes import parse_changes

NAMES = [*ARCHITECTURES, "unmixed"]


def stages(inspector: Inspector) -> list[str]:
    """Walk to the end, and return the stages that were reached."""
    reached = []
    while True:
        walk = inspector.walk("next")[0]["walk"]
        reached.append(walk["stages"][walk["stage"]])
        if walk["stage"] == len(walk["stages"]) - 1:
            return reached


def known(anatomy: Anatomy, numbers: np.ndarray) -> list[str]:
    """Return the names of the layers whose numbers are all known."""
    names = []
    for layer in anatomy.layers:
        part = np.isnan(numbers[layer.offset : layer.offset + layer.shape.size])
        assert part.all() or not part.any()
        names += [] if part.all() else [layer.name]
    return names


def state(session: Session) -> tuple[Any, ...]:
    """Return everything of a session that the next step depends on."""
    _, metadata = session.trainer.state()
    gradients = session.model.network.parameters.gradients.tobytes()
    return checksum(session), metadata, gradients, session.model.network.entries


def next_batch(session: Session) -> Batch:
    """Return the batch of the next step, with the order of entries as it was."""
    return session.trainer.batches.batch(session.trainer.shuffle.next(session.trainer.batch_size))


@pytest.mark.parametrize("name", NAMES)
def test_layers_are_revealed_one_by_one_and_then_their_signals(name: str):
    session = make_session(name)
    _, inspector = inspect(session)
    anatomy = Anatomy(session.model.network, HALVES)
    names = [layer.name for layer in anatomy.layers]
    last = len(names) - 1
    for stage in range(2 * last + 3):
        walk = inspector.walk("next")[0]["walk"]
        header, arrays = inspector.frame(["values", "signals"])
        assert header["walk"] == walk
        assert walk["stage"] == stage
        assert known(anatomy, arrays["values"]) == names[: stage + 1]
        assert known(anatomy, arrays["signals"]) == names[2 * last + 2 - stage :] * (stage > last + 1)
        assert (walk["loss"] is not None) == (stage > last)
        assert len(arrays["outputs"]) == len(header["errors"]) == (8 if stage >= last else 0)
        assert len(arrays["inputs"]) == header["shown"] == 8
    expected = [*names, "loss", *(f"signals of {layer}" for layer in names[::-1])]
    assert walk["stages"] == expected


@pytest.mark.parametrize("rung", ["plain", "o2"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("clamped", [False, True])
def test_what_is_revealed_is_what_the_step_computes(name: str, rung: str, clamped: bool):
    session, other = (make_session(name, rung=rung, masked=True) for _ in range(2))
    if clamped:
        clamp = parse_changes([{"kind": "clamp", "layer": n, "neuron": 1, "value": 0.5} for n in (1, 3)])
        session.steering.apply(clamp)
        other.steering.apply(clamp)
    _, inspector = inspect(session)
    inspector.show("training", 0, 3)
    stages(inspector)
    header, arrays = inspector.frame(["values", "signals"])
    batch = next_batch(other)
    inputs: Any = batch.inputs
    outputs = other.model.network.forward(inputs, training=True)
    loss, slopes = batch_loss(other.trainer.loss, outputs, batch)
    input_signals = other.model.network.backward(slopes)  # type: ignore[arg-type]
    anatomy = Anatomy(other.model.network, HALVES)
    np.testing.assert_array_equal(arrays["values"], gather(anatomy, "values", inputs, 3))
    np.testing.assert_array_equal(arrays["signals"], gather(anatomy, "signals", input_signals, 3))
    assert header["walk"]["loss"] == loss
    chosen = other.trainer.shuffle.next(8)
    assert header["names"] == [other.training.names[number] for number in chosen]
    np.testing.assert_array_equal(arrays["inputs"], other.training.images[chosen])


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "momentum"])
@pytest.mark.parametrize("name", NAMES)
def test_the_step_gives_the_same_bits_after_a_walk(name: str, optimizer: str):
    alone, walked = (make_session(name, rung="o2", optimizer=optimizer) for _ in range(2))
    _, inspector = inspect(walked)
    for number in range(4):  # two batches of 16 and one of 8, then the first of the next epoch
        for _ in range(3 * number):
            inspector.walk("next")
            inspector.frame(["values", "signals", "change"])
        alone.trainer.make_step()
        walked.trainer.make_step()
    stages(inspector)
    inspector.walk("end")
    alone.trainer.make_step()
    walked.trainer.make_step()
    assert checksum(walked) == checksum(alone)
    assert walked.trainer.shuffle.state() == alone.trainer.shuffle.state()


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_nothing_that_the_next_step_depends_on_is_changed(steps: int):
    session = make_session()
    for _ in range(steps):
        session.trainer.make_step()
    forget_batch(session.trainer.network)  # as everybody does who made steps
    _, inspector = inspect(session)
    before = state(session)
    for stop in range(11):
        for _ in range(stop):
            inspector.walk("next")
        inspector.walk("end")
        assert state(session) == before


def test_gradients_are_clear_at_every_stage():
    session = make_session("local", rung="o2")
    _, inspector = inspect(session)
    gradients = session.model.network.parameters.gradients
    for _ in range(19):
        inspector.walk("next")
        assert gradients.tobytes() == bytes(gradients.nbytes)


def test_a_walk_ends_when_a_step_is_made_and_when_training_starts():
    session = make_session()
    run, inspector = inspect(session)
    inspector.walk("begin")
    session.trainer.make_step()
    assert inspector.frame([])[0]["walk"] is None
    inspector.walk("begin")
    run.state = "training"
    assert inspector.frame([])[0]["walk"] is None
    with pytest.raises(OperationError, match="the run is training: stop it"):
        inspector.walk("begin")


def test_a_walk_ends_with_its_session():
    run, inspector = inspect(make_session())
    inspector.walk("next")
    run.session = make_session("graph")
    assert inspector.frame([])[0]["walk"] is None
    assert inspector.walk("begin")[0]["walk"]["stage"] == 0


def test_a_walk_can_begin_again_anywhere():
    _, inspector = inspect(make_session())
    reached = stages(inspector)
    assert inspector.walk("begin")[0]["walk"]["stage"] == 0
    assert np.isnan(inspector.frame(["signals"])[1]["signals"]).all()
    assert stages(inspector) == reached[1:]


def test_a_walk_goes_forward_and_then_backward():
    _, inspector = inspect(make_session())
    with pytest.raises(OperationError, match="no walk has begun"):
        inspector.walk("forward")
    inspector.walk("begin")
    with pytest.raises(OperationError, match="has not come to the loss yet"):
        inspector.walk("backward")
    for _ in range(5):
        inspector.walk("forward")
    with pytest.raises(OperationError, match="go backward now"):
        inspector.walk("forward")
    for _ in range(5):
        inspector.walk("backward")
    with pytest.raises(OperationError, match="the walk is at its end"):
        inspector.walk("next")
    with pytest.raises(
        OperationError, match="action 'jump': give one of begin, forward, backward, next, end"
    ):
        inspector.walk("jump")  # type: ignore[arg-type]
    assert inspector.walk("end")[0] == {"walk": None}
    assert inspector.walk("end")[0] == {"walk": None}


def test_a_neuron_tells_what_the_walk_has_come_to():
    _, inspector = inspect(make_session())
    inspector.walk("begin")
    assert inspector.neuron(1, 0)[0]["value"] is None
    inspector.walk("next")
    neuron = inspector.neuron(1, 0)[0]
    assert neuron["value"] is not None
    assert neuron["signal"] is None
