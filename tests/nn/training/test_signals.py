"""Signals: at any moment, a step is undone or has happened, and no block is cut short."""

import os
import signal
import threading
import time
from functools import partial

import numpy as np
import pytest

from networks.sequential import Sequential
from nn.interrupts import uninterrupted
from nn.losses import SquaredError
from nn.optimizers import SGD, Adam
from nn.shape import Shape
from nn.training import ArrayBatches, ImageBatches, Prefetched, Trainer
from nn.training.interrupts import stopping_on_interrupts
from tests.support.failing_parts import PLACES, Once, assert_untouched, interrupt, layered
from tests.support.tiny_training import everything, make_full_trainer, make_images

AT_ONCE = {"backward, descending at once": lambda once: layered(once, "backward", SGD(0.1))}
SIGNALLED = {name: make for name, make in {**PLACES, **AT_ONCE}.items() if not name.startswith("prefetched")}


@pytest.mark.parametrize("step", [0, 3])
@pytest.mark.parametrize("place", SIGNALLED)
def test_a_signal_anywhere_undoes_the_step_or_comes_after_it(place, step):
    once = Once(interrupt)
    trainer, undisturbed = SIGNALLED[place](once), SIGNALLED[place](Once(interrupt))
    for each in (trainer, undisturbed):
        for _ in range(step):
            each.make_step()
    before = everything(trainer)
    once.armed = True
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises((KeyboardInterrupt, ValueError)):
            trainer.make_step()
    finally:
        assert signal.getsignal(signal.SIGINT) is handler
    if trainer.step == step:
        assert_untouched(trainer, before)
    for each in (trainer, undisturbed):
        while each.step < step + 4:
            each.make_step()
    assert everything(trainer) == everything(undisturbed)


class Waiting(ImageBatches):
    """Is interrupted in the gathering thread, and continues when told to."""

    def __init__(self):
        super().__init__(make_images())
        self.calls, self.at_once, self.go_on = 0, 0, threading.Event()

    def batch(self, indices):
        self.at_once += 1
        assert self.at_once == 1, "two threads at once"
        self.calls += 1
        if self.calls == 3:
            os.kill(os.getpid(), signal.SIGINT)
            self.go_on.wait(1)  # a signal just before a wait is handled only after it
        batch = super().batch(indices)
        self.at_once -= 1
        return batch


def test_who_is_interrupted_while_waiting_for_a_batch_gets_it_the_next_time():
    source = Waiting()
    trainer, undisturbed = make_full_trainer(batches=Prefetched(source)), make_full_trainer()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(5):
            trainer.make_step()
    timer = threading.Timer(0.05, source.go_on.set)
    timer.start()
    for each in (trainer, undisturbed):
        while each.step < 8:
            each.make_step()
    timer.join()
    assert everything(trainer) == everything(undisturbed)


def test_signals_wait_until_a_block_is_over():
    came = []
    with pytest.raises(KeyboardInterrupt), uninterrupted:
        interrupt()
        came.append("the rest of the block")
    assert came == ["the rest of the block"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_in_a_block_within_a_block_signals_wait_for_the_outer_end():
    came = []
    with pytest.raises(KeyboardInterrupt), uninterrupted:
        with uninterrupted:
            interrupt()
        came.append("outer")
    assert came == ["outer"]


def test_other_threads_hold_nothing():
    seen = []

    def work():
        with uninterrupted:
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


@pytest.mark.parametrize("optimizer", [partial(SGD, 0.05), partial(Adam, 0.01)])
def test_real_signals_at_any_moment_change_no_bit(optimizer):
    """A thread sends SIGINT while steps are made, in kernels or between them."""
    from networks.dense_o1 import Dense as Compiled

    def make():
        generator = np.random.default_rng(5)
        layers = [
            Compiled(Shape(1, 1, 64), Shape(1, 1, 64), generator=generator),
            Compiled(Shape(1, 1, 64), Shape(1, 1, 64), generator=generator),
        ]
        values = np.random.default_rng(6).normal(size=(640, 64)).astype(np.float32)
        return Trainer(
            Sequential(layers),
            SquaredError(),
            optimizer(),
            ArrayBatches(values),
            batch_size=64,
            generator=np.random.default_rng(7),
        )

    trainer, over, came = make(), threading.Event(), 0
    trainer.make_step()

    def disturb():
        waits = np.random.default_rng(8)
        while not over.wait(waits.uniform(1e-4, 3e-3)):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=disturb)
    try:
        thread.start()
        while came < 40:
            try:
                trainer.make_step()
            except KeyboardInterrupt:
                came += 1
        over.set()
        thread.join()
        time.sleep(0.01)
    except KeyboardInterrupt:
        over.set()
        thread.join()
    undisturbed = make()
    while undisturbed.step < trainer.step:
        undisturbed.make_step()
    assert everything(trainer) == everything(undisturbed)


def test_the_second_signal_waits_for_the_end_of_a_block_while_training():
    asked, came = [], []
    with pytest.raises(KeyboardInterrupt), stopping_on_interrupts(lambda: asked.append(True)):
        interrupt()
        with uninterrupted:
            interrupt()
            came.append("the rest of the block")
        came.append("nothing after it")
    assert (asked, came) == ([True], ["the rest of the block"])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
