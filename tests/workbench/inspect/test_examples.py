"""Which examples are shown, and how they are drawn: as pictures, or as a row of numbers."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nn.shape import SequenceShape, Shape
from nn.training import ArrayBatches
from tests.support.branching_training import make_trainer
from workbench.errors import OperationError
from workbench.inspect.examples import NamedExamples, brightness_range, in_order_of_inputs, pictures
from workbench.inspect.probe import Probe
from workbench.inspect.view import SHOWN, View
from workbench.run.trainer_session import TrainerSession


@pytest.mark.parametrize("shape", [Shape(1, 1, 3), Shape(1, 1, 4), Shape(1, 1, 6), SequenceShape(6, 1)])
def test_numbers_that_are_no_picture_are_a_row(shape):
    values = np.linspace(0, 1, 2 * shape.size).reshape(2, *shape)
    drawn = pictures(values, shape)
    assert drawn.shape == (2, 1, shape.size, 1)
    assert np.array_equal(drawn.ravel(), np.rint(values.ravel() * 255))


@pytest.mark.parametrize("shape", [Shape(2, 3, 1), Shape(2, 3, 3), Shape(2, 3, 4), SequenceShape(4, 3)])
def test_pictures_stay_as_they_are(shape):
    drawn = pictures(np.zeros((2, *shape)), shape)
    assert drawn.shape[1:3] == tuple(shape)[:2]


def test_the_range_of_brightness_is_that_of_the_values_and_never_less_than_0_to_1():
    assert brightness_range(np.array([0.25, 0.5])) == (0, 1)
    assert brightness_range(np.array([-1.5, 0.5])) == (-1.5, 1)
    assert brightness_range(np.array([0.5, 3, np.nan, np.inf, -np.inf])) == (0, 3)
    assert brightness_range(np.array([np.nan])) == (0, 1)


def test_the_lowest_of_a_range_is_black_and_the_highest_white():
    values = np.array([-2, -1, 0, 2, 5, np.nan, -9]).reshape(1, 7, 1, 1)
    drawn = pictures(values, Shape(7, 1, 1), (-2.0, 2.0))
    assert drawn.ravel().tolist() == [0, 64, 128, 255, 255, 0, 0]


@pytest.mark.parametrize("source", ["training", "held_out"])
@pytest.mark.parametrize(
    ("asked", "first", "entry"),
    [((0, 0), 0, 0), ((9, 5), 9, 2), ((99, 7), 11, 0), ((-3, -1), 0, 0), ((4, 99), 4, 7)],
)
def test_examples_that_are_not_there_become_the_nearest(
    source: str, asked: tuple[int, int], first: int, entry: int
):
    view = View(session_of(12))
    view.show(source, *asked)
    assert (view.position, view.entry) == (first, entry)
    assert view.images().names == [f"example {n}" for n in range(first, min(12, first + SHOWN))]


def test_what_is_not_there_to_be_looked_at_is_refused():
    view = View(session_of(12, held_out=0))
    for source, message in (
        ("held_out", "no image is held out"),
        ("own", "there is no image of your own yet"),
        ("nowhere", "give one of training"),
    ):
        with pytest.raises(OperationError, match=message):
            view.show(source, 0, 0)
    assert (view.source, view.position) == ("training", 0)


def test_another_session_is_looked_at_in_the_same_place_as_far_as_it_has_one():
    before = View(session_of(30))
    before.show("held_out", 25, 3)
    after = View(session_of(30, held_out=0), before)
    assert (after.source, after.position, after.entry) == ("training", 25, 3)
    shorter = View(session_of(5), before)
    assert (shorter.source, shorter.position, shorter.entry) == ("held_out", 4, 0)


def test_examples_keep_the_order_of_the_inputs_of_the_network():
    trainer = make_trainer()
    batch = trainer.batches.batch(np.arange(3))
    assert list(batch.inputs) == ["series", "image"]
    ordered = in_order_of_inputs(batch, trainer.network)
    assert list(ordered.inputs) == ["image", "series"]
    assert ordered.inputs["image"] is batch.inputs["image"] and ordered.targets is batch.targets
    again = in_order_of_inputs(batch._replace(targets=batch.inputs), trainer.network)
    assert again.targets is again.inputs
    session = TrainerSession(trainer)
    assert session.examples["training"].at(np.arange(2)).values.shape == (2, 8, 8, 1)
    probe = Probe(session.network, {})
    images = session.examples["training"].at(np.arange(2))
    probe.run(images)
    flat = np.concatenate([array[..., 1].ravel() for array in images.batch.inputs.values()])
    np.testing.assert_array_equal(probe.values(1)[: flat.size], flat)


def session_of(count: int, held_out: int | None = None) -> Any:
    """Return what a view needs of a session, with so many examples in each source."""

    def examples(size: int) -> NamedExamples:
        return NamedExamples(ArrayBatches(np.arange(4.0 * size).reshape(size, 2, 2, 1)))

    network = SimpleNamespace(input_shape=Shape(2, 2, 1), moments=1)
    held_out = count if held_out is None else held_out
    found = {"training": examples(count)} | ({"held_out": examples(held_out)} if held_out else {})
    return SimpleNamespace(network=network, examples=found)
