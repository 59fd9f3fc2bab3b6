"""Prefetch: the same batches, gathered while another is in use; errors are raised, and the thread ends."""

import threading
import time
from copy import deepcopy

import numpy as np
import pytest

from nn.training import ArrayBatches, Callback, ImageBatches, Prefetched
from tests.support.tiny_training import make_images, make_trainer

others = set()


@pytest.fixture(autouse=True)
def leave_out_threads_of_other_tests():
    others.clear()
    others.update(threading.enumerate())


def threads():
    return [each for each in threading.enumerate() if each.name.startswith("prefetch") and each not in others]


class Slow(ImageBatches):
    """A slow source, which signals when it is at work."""

    def __init__(self, images):
        super().__init__(images)
        self.working = threading.Event()

    def batch(self, indices):
        self.working.set()
        time.sleep(0.02)
        return super().batch(indices)


@pytest.fixture
def source():
    labels = np.random.default_rng(2).integers(0, 3, (40, 4))
    steps = np.random.default_rng(3).random((40, 4)) < 0.7
    images = {"image": make_images(40), "steps": np.random.default_rng(1).random((40, 4, 2))}
    return ArrayBatches(images, {"labels": labels, "image": make_images(40)}, None, steps)


def assert_equal(first, second):
    for name in ("inputs", "targets", "mask"):
        assert getattr(first, name).keys() == getattr(second, name).keys()
        for key, array in getattr(first, name).items():
            np.testing.assert_array_equal(array, getattr(second, name)[key])
    np.testing.assert_array_equal(first.step_mask, second.step_mask)
    assert first.entries == second.entries


def test_expected_or_not_batches_are_those_of_the_source(source):
    prefetched = Prefetched(source)
    order = np.random.default_rng(1).permutation(40)
    for start in range(0, 40, 6):
        indices = order[start : start + 6]
        assert_equal(prefetched.batch(indices), source.batch(indices))
        if start % 12 == 0:
            prefetched.expect(order[start + 6 : start + 12])
    assert len(prefetched) == 40
    prefetched.close()


def test_a_batch_stays_as_it_is_while_the_next_is_gathered(source):
    prefetched, apart = Prefetched(source), source.select(np.arange(len(source)))
    for start in (0, 5, 10, 15):
        batch = prefetched.batch(np.arange(start, start + 5))
        prefetched.expect(np.arange(start + 5, start + 10))
        assert_equal(batch, apart.batch(np.arange(start, start + 5)))
    prefetched.close()
    assert_equal(batch, apart.batch(np.arange(15, 20)))


def test_another_batch_can_be_asked_for_in_between(source):
    prefetched = Prefetched(source)
    prefetched.expect(np.arange(5, 10))
    assert_equal(prefetched.batch(np.arange(20, 23)), source.batch(np.arange(20, 23)))
    assert_equal(prefetched.batch(np.arange(5, 10)), source.batch(np.arange(5, 10)))
    prefetched.close()


def test_images_stay_their_own_targets():
    prefetched = Prefetched(ImageBatches(make_images()))
    batch = prefetched.batch(np.arange(3))
    assert batch.targets is batch.inputs
    assert batch.mask is None


def test_the_next_batch_is_gathered_before_it_is_asked_for():
    slow = Slow(make_images())
    prefetched = Prefetched(slow)
    prefetched.expect(np.arange(4))
    assert slow.working.wait(10)
    prefetched.batch(np.arange(4))
    prefetched.close()
    assert not threads()


def test_training_ends_its_thread():
    source = Prefetched(ImageBatches(make_images()))
    trainer = make_trainer(batches=source)
    trainer.train(epochs=1)
    assert not threads()
    trainer.train(epochs=2)
    assert not threads()


def test_an_error_of_a_callback_ends_the_thread():
    class Broken(Callback):
        def on_step(self, trainer):
            assert threads()
            raise ZeroDivisionError

    trainer = make_trainer(batches=Prefetched(Slow(make_images())))
    with pytest.raises(ZeroDivisionError):
        trainer.train(epochs=1, callbacks=[Broken()])
    assert not threads()


def test_an_error_in_the_thread_is_raised_in_the_loop():
    class Broken(ImageBatches):
        calls = 0

        def batch(self, indices):
            Broken.calls += 1
            if Broken.calls == 4:
                raise OSError("the disk is gone")
            return super().batch(indices)

    trainer = make_trainer(batches=Prefetched(Broken(make_images())))
    with pytest.raises(OSError, match="the disk is gone"):
        trainer.train(epochs=2)
    assert trainer.step == 2
    assert not threads()


def test_who_looks_at_the_source_itself_is_not_disturbed(source):
    """Held-out data may be the training data: a batch of theirs is not overwritten."""
    prefetched = Prefetched(source)
    early, late = np.arange(16), np.arange(16, 32)
    looked_at = source.batch(early)
    prefetched.expect(late)
    prefetched._expected[1].result()
    assert_equal(looked_at, deepcopy(source).batch(early))
    source.batch(early)
    assert_equal(prefetched.batch(late), deepcopy(source).batch(late))
    prefetched.close()
