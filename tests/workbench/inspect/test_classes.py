"""Which classes a classifier finds: counted against plain predictions, with and without one-hot targets."""

from typing import Any

import numpy as np
import pytest

from networks import Dense, Sequential
from nn import (
    Adam,
    ArrayBatches,
    BinaryCrossEntropyWithLogits,
    CategoricalCrossEntropyWithLogits,
    Identity,
    Loss,
    SequenceShape,
    Shape,
    Trainer,
)
from workbench.inspect.classes import classifies, find_classes
from workbench.inspect.probe import Probe
from workbench.run.trainer_session import TrainerSession

CLASSES = 5


def trainer_of(
    count: int, *, one_hot: bool = False, held_out: int = 0, shape: Any = (4,), loss: Loss | None = None
) -> Trainer:
    generator = np.random.default_rng(8)
    network = Sequential(
        SequenceShape(*shape) if len(shape) == 2 else Shape(1, 1, *shape),
        [Dense.of(CLASSES, activation=Identity())],
        generator=generator,
    )

    def data(entries: int) -> ArrayBatches:
        inputs = generator.normal(size=(entries, *shape)).astype(np.float32)
        labels = generator.integers(0, CLASSES, entries)
        return ArrayBatches(inputs, np.eye(CLASSES, dtype=np.float32)[labels] if one_hot else labels)

    return Trainer(
        network,
        loss or CategoricalCrossEntropyWithLogits(),
        Adam(0.01),
        data(count),
        data(held_out) if held_out else None,
        batch_size=8,
        generator=generator,
    )


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize(("count", "held_out"), [(70, 0), (9, 75)])
def test_classes_are_those_of_predictions(one_hot: bool, count: int, held_out: int):
    trainer = trainer_of(count, one_hot=one_hot, held_out=held_out)
    session = TrainerSession(trainer)
    header, arrays = find_classes(session, Probe(session.network, {}))
    source = trainer.held_out if held_out else trainer.batches
    batch = source.batch(np.arange(len(source)))
    outputs = session.network.predict(np.moveaxis(batch.inputs, -1, 0)[: len(source)])[:, 0, 0]
    targets = batch.targets[..., : len(source)].reshape(-1, len(source))
    wanted = targets.argmax(axis=0) if one_hot else targets[0]
    assert header == {
        "step": 0,
        "source": "held_out" if held_out else "training",
        "classes": CLASSES,
    }
    np.testing.assert_array_equal(arrays["found"], outputs.argmax(axis=1))
    np.testing.assert_array_equal(arrays["wanted"], wanted)
    assert ((arrays["margins"] > 0) == (arrays["found"] != arrays["wanted"])).all()


def test_of_many_examples_the_first_are_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("workbench.inspect.classes.MOST", 30)
    session = TrainerSession(trainer_of(50))
    _, arrays = find_classes(session, Probe(session.network, {}))
    assert len(arrays["found"]) == 30


def test_only_what_finds_one_class_for_an_example_is_a_classifier():
    assert classifies(trainer_of(8))
    assert not classifies(trainer_of(8, one_hot=True, loss=BinaryCrossEntropyWithLogits()))
