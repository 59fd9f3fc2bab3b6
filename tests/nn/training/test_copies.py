"""Copies in the middle of training: sources of batches, optimizers, callbacks, trainers."""

import io
from pathlib import Path

import numpy as np
import pytest

from nn.graph import Graph
from nn.graph.levels import CycleError
from nn.losses import TargetError
from nn.schedules import Plateau, WarmUp
from nn.training import (
    Callback,
    ImageBatches,
    LearningRate,
    Prefetched,
    ProgressBar,
    Snapshots,
    Statistics,
    TensorBoard,
    TrainingDiverged,
)
from nn.training.limits import Clock
from nn.training.lock import FileLock, FolderLockedError
from tests.nn.training.test_prefetch import assert_equal, source  # noqa: F401 - a fixture
from tests.support.copying import WAYS, assert_apart, pickled
from tests.support.optimizer_checks import EVERY_KIND, make_parameters
from tests.support.tiny_training import everything, full_callbacks, make_full_trainer, make_images

every_way = pytest.mark.parametrize("way", WAYS)
EARLY, LATE = np.arange(16), np.arange(16, 32)


def sources(images, masks=None):
    whole = ImageBatches(images, masks)
    part, held_out = whole.split(0.4, generator=np.random.default_rng(0))
    return {"whole": whole, "part": part, "held out": held_out, "selected": part.select(np.arange(17, 0, -1))}


@every_way
@pytest.mark.parametrize("name", ["whole", "part", "held out", "selected"])
@pytest.mark.parametrize("masked", [False, True])
def test_a_copy_of_a_source_gives_the_entries_that_are_asked_for(way, name, masked):
    masks = np.random.default_rng(1).random((60, 2, 3)) < 0.7 if masked else None
    original, fresh = (sources(make_images(60), masks)[name] for _ in range(2))
    original.batch(EARLY)
    other = WAYS[way](original)
    if way != "copy":
        assert_apart(original, other)
    later = other.batch(np.arange(16) + 1)
    assert original.batch(EARLY).inputs.tolist() == fresh.batch(EARLY).inputs.tolist()
    expected = fresh.batch(np.arange(16) + 1)
    assert later.inputs.tolist() == expected.inputs.tolist() and later.targets is later.inputs
    assert not masked or later.mask.tolist() == expected.mask.tolist()
    assert not np.shares_memory(original.batch(EARLY).inputs, later.inputs)


@every_way
def test_a_copy_of_several_inputs_gives_the_entries_that_are_asked_for(way, source):  # noqa: F811
    source.batch(EARLY)
    other = WAYS[way](source)
    later, kept = other.batch(LATE), pickled(source.batch(LATE))
    assert_equal(later, kept)
    source.batch(EARLY)
    assert_equal(later, kept)


def test_parts_of_one_source_are_copied_with_one_array():
    part, held_out = pickled(ImageBatches(make_images(60)).split(0.5, generator=np.random.default_rng(0)))
    assert np.shares_memory(part._inputs[""].rows, held_out._inputs[""].rows)


class Drawing(ImageBatches):
    """Draws the entries it returns, like a source that augments them."""

    def batch(self, indices):
        return super().batch(self.generator.permutation(len(self))[: len(indices)])


@every_way
def test_a_copy_waits_for_what_is_prefetched_and_takes_it_along(way):
    drawing = Drawing(make_images(40))
    drawing.generator = np.random.default_rng(5)
    prefetched = Prefetched(drawing)
    prefetched.expect(EARLY)
    other = WAYS[way](prefetched)
    for indices in (EARLY, LATE, EARLY):
        found, expected = other.batch(indices), prefetched.batch(indices)
        assert found.inputs.tolist() == expected.inputs.tolist()
        other.expect(LATE)
        prefetched.expect(LATE)
    assert not np.shares_memory(found.inputs, expected.inputs)
    other.close()
    prefetched.close()


def test_a_copy_takes_an_error_along():
    prefetched = Prefetched(ImageBatches(make_images(8)))
    prefetched.expect(np.array([99]))
    other = pickled(prefetched)
    for each in (prefetched, other):
        with pytest.raises(IndexError, match="of 8"):
            each.batch(np.array([99]))
    prefetched.close()


@every_way
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_copy_of_an_optimizer_steps_to_the_same_bits(way, kind):
    parameters, optimizer = make_parameters(dtype=np.float32), EVERY_KIND[kind]()

    def step(optimizer, parameters):
        parameters.gradients[:] = np.linspace(-1, 1, parameters.size) * (optimizer.steps + 1)
        optimizer.step(parameters)
        return parameters.values.tolist()

    step(optimizer, parameters)
    other, its = WAYS[way](optimizer), WAYS[way](parameters)
    assert_apart(optimizer, other)
    for _ in range(2):
        assert step(other, its) == step(optimizer, parameters)


@every_way
def test_a_copy_of_a_schedule_observes_alone(way):
    schedule = WarmUp(Plateau(factor=0.5, patience=0))
    schedule.observe(1.0)
    other = WAYS[way](schedule)
    other.observe(2.0)
    assert (schedule.schedule._current, other.schedule._current) == (1.0, 0.5)


class CopyingAt(Callback):
    """Copies the trainer after a step."""

    def __init__(self, step, way):
        self.step, self.way, self.copy = step, way, None

    def on_step(self, trainer):
        if trainer.step == self.step and self.copy is None:
            self.copy = WAYS[self.way](trainer)


def callbacks(folder):
    return [
        *full_callbacks(folder),
        Statistics(Path(folder) / "statistics.csv", 2, "steps"),
        LearningRate({4: 0.02}),
        TensorBoard(Path(folder) / "board"),
        ProgressBar(io.StringIO()),
    ]


@every_way
@pytest.mark.parametrize("step", [5, 7])
def test_a_copy_of_a_trainer_goes_on_to_the_same_bits(way, step, tmp_path):
    copying, trainer = CopyingAt(step, way), make_full_trainer()
    trainer.train(epochs=3, callbacks=[*callbacks(tmp_path), copying])
    copying.copy, other = None, copying.copy
    assert_apart(trainer, other)
    other.train(
        epochs=3, callbacks=[each for each in other._callbacks._callbacks if type(each) is not CopyingAt]
    )
    assert everything(other) == everything(trainer)


def test_a_copied_clock_stands_still():
    clock = Clock()
    clock.start()
    other = pickled(clock)
    assert other.seconds == other.seconds
    other.start()
    assert other.seconds >= 0


@every_way
def test_a_copy_holds_no_lock(way, tmp_path):
    callback = Snapshots(tmp_path / "model.safetensors", 0, {})
    with callback._lock:
        other = WAYS[way](callback)
        other.close()
        assert callback._lock.path.exists()
        with pytest.raises(FolderLockedError), FileLock(tmp_path / "model.safetensors"):
            pass


def test_a_copied_bar_draws_to_the_same_file_and_a_pickled_one_on_standard_error():
    file = io.StringIO()
    bar = ProgressBar(file, "digits")
    assert WAYS["deepcopy"](bar).file is file
    assert (pickled(bar).file, pickled(bar).unit) == (None, "digits")


def cycle():
    graph = Graph()
    first, second = (graph.add_product() for _ in range(2))
    graph.connect(first, second, 1.0)
    graph.connect(second, first, 1.0)
    with pytest.raises(CycleError) as caught:
        graph.levels  # noqa: B018 - computed when it is asked for
    return caught.value


@every_way
@pytest.mark.parametrize(
    "make", [cycle, lambda: TargetError("a label", 3), lambda: TrainingDiverged(1, 2, "a weight is nan")]
)
def test_errors_come_out_of_other_processes_as_they_are(way, make):
    error = make()
    other = WAYS[way](error)
    assert type(other) is type(error) and str(other) == str(error) and vars(other) == vars(error)
