"""State in a snapshot: that of another network, or of the wrong kind, is refused and changes nothing."""

import json
import math

import numpy as np
import pytest

from nn.optimizers import SGD, AdamW
from nn.snapshot import Snapshot, SnapshotError
from nn.training.batches import ImageBatches
from nn.training.state import load_parameters, read_state
from tests.support.tiny_training import (
    IMAGES,
    everything,
    make_images,
    make_network,
    make_trainer,
    snapshot_of,
)


@pytest.fixture
def snapshot():
    """The state of a run that stopped in the middle of the second epoch."""
    trainer = make_trainer()
    trainer.train(epochs=1.5)
    return snapshot_of(trainer)


def with_field(snapshot, field, value):
    """Return the snapshot with one field of the training state replaced; `...` removes it."""
    metadata = json.loads(json.dumps(snapshot.metadata))
    place = metadata["training"]
    *outer, last = field.split(".")
    for name in outer:
        place = place[int(name)] if isinstance(place, list) else place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return snapshot._replace(metadata=metadata)


def assert_refused(trainer, snapshot, message):
    before = everything(trainer)
    with pytest.raises(SnapshotError, match=message) as raised:
        trainer.restore(snapshot)
    assert str(raised.value).startswith("memory: ")
    assert everything(trainer) == before


def test_json_gives_back_every_bit(snapshot):
    state = read_state(snapshot)
    again = snapshot._replace(metadata=json.loads(json.dumps(snapshot.metadata)))
    assert read_state(again) == state
    assert state.log.curve.steps == list(range(1, state.step + 1))
    assert len(state.log.rows) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("step", "8"),
        ("step", -1),
        ("step", True),
        ("step", 1.0),
        ("step", ...),
        ("seconds", None),
        ("seconds", -0.5),
        ("surprise", 1),
        ("shuffle", []),
        ("shuffle.entry", IMAGES),
        ("shuffle.epoch_generator", None),
        ("shuffle.generator", 3),
        ("optimizer.name", 3),
        ("optimizer.learning_rate", -1.0),
        ("log.rows", {}),
        ("log.rows.0.held_out_loss", "low"),
        ("log.rows.0.step", ...),
        ("log.curve.steps", [1, "2"]),
        ("log.curve.stride", 1.5),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(snapshot, field, value):
    named = "shuffle" if field in ("shuffle.entry", "shuffle.epoch_generator") else field
    assert_refused(make_trainer(), with_field(snapshot, field, value), rf"training\.{named}.*: ")


@pytest.mark.parametrize("metadata", [{}, {"training": None}, {"training": [1]}])
def test_a_snapshot_without_a_state_of_training_is_refused(snapshot, metadata):
    assert_refused(make_trainer(), snapshot._replace(metadata=metadata), "training")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"generator": {"bit_generator": "SFC64"}}, "kind SFC64, expected PCG64"),
        ({"generator": {"bit_generator": "PCG64", "state": 3}}, "not a state of PCG64"),
    ],
)
def test_a_state_of_another_generator_is_refused(snapshot, change, message):
    assert_refused(make_trainer(), with_field(snapshot, "shuffle.generator", change["generator"]), message)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("parameters.0.biases", None, r"parameters\.0\.biases is missing in the file"),
        ("parameters.2.biases", np.zeros(3, np.float32), r"float32 \(3,\) in the file and missing in"),
        ("parameters.0.biases", np.zeros(3, np.float32), r"float32 \(3,\) in the file and float32 \(4,\)"),
        ("parameters.0.biases", np.zeros(4), r"float64 \(4,\) in the file"),
        ("optimizer.means", None, "adam keeps"),
        ("optimizer.means", np.zeros(3, np.float32), r"means is float32 \(3,\)"),
        ("optimizer.velocities", np.zeros(3, np.float32), "velocities"),
    ],
)
def test_arrays_of_another_network_or_optimizer_are_named(snapshot, name, array, message):
    arrays = {**snapshot.arrays, name: array}
    if array is None:
        del arrays[name]
    assert_refused(make_trainer(), snapshot._replace(arrays=arrays), message)


@pytest.mark.parametrize("optimizer", [AdamW(0.01), SGD(0.01)])
def test_another_optimizer_is_refused(snapshot, optimizer):
    assert_refused(
        make_trainer(optimizer=optimizer), snapshot, f"trained with adam, not with {optimizer.name}"
    )


def test_other_data_is_refused(snapshot):
    trainer = make_trainer(batches=ImageBatches(make_images(IMAGES + 1)))
    assert_refused(trainer, snapshot, "trained on 23 entries, now there are 24")


def test_parameters_alone_can_be_loaded_into_a_network(snapshot):
    network = make_network(seed=9)
    load_parameters(snapshot, network.parameters)
    for name in network.parameters.names:
        assert (network.parameters[name] == snapshot.arrays[f"parameters.{name}"]).all()


def test_parameters_that_do_not_fit_leave_the_network_as_it_is(snapshot):
    network = make_network(seed=9)
    before = network.parameters.values.copy()
    arrays = {**snapshot.arrays, "parameters.1.biases": np.zeros(2, np.float32)}
    with pytest.raises(SnapshotError, match=r"parameters\.1\.biases"):
        load_parameters(Snapshot(arrays, {}, snapshot.path), network.parameters)
    assert (network.parameters.values == before).all()


def test_floats_in_the_log_keep_their_bits():
    trainer = make_trainer()
    trainer.train(epochs=1)
    trainer.log.curve.losses[:2] = [math.pi * 1e-300, 0.1 + 0.2]
    state = read_state(snapshot_of(trainer)._replace(metadata=json.loads(json.dumps(trainer.state()[1]))))
    assert state.log == trainer.log
