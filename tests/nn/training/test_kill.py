"""Killed with SIGKILL at any moment and resumed equals uninterrupted, bit for bit."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from nn import snapshot
from nn.snapshot import load_latest
from tests.support import patience
from tests.support.places import ROOT
from tests.support.tiny_training import everything, long_callbacks, make_full_trainer, make_noisy_network

KILLS = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "exhaustive" else 6
EPOCHS = 100 + 20 * KILLS
PATIENCE = patience.SECONDS
"""Seconds to wait for a process to save."""


@contextlib.contextmanager
def running(folder):
    """A process that trains in the folder, once it has saved at least one snapshot itself."""
    path = folder / "model.safetensors"
    before = path.stat().st_ino if path.exists() else None
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "support" / "tiny_training.py"), str(folder), str(EPOCHS)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        give_up = time.monotonic() + PATIENCE
        while not path.exists() or path.stat().st_ino == before:
            assert process.poll() is None and time.monotonic() < give_up, "nothing was saved"
            time.sleep(0.002)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def restored(folder):
    trainer = make_full_trainer(network=make_noisy_network(seed=99))
    trainer.restore(load_latest(folder / "model.safetensors"))
    return trainer


def finished(folder):
    """Everything that determines the bits, after the remaining epochs."""
    trainer = restored(folder)
    assert trainer.step < 5 * EPOCHS
    return trained(folder, trainer)


def trained(folder, trainer):
    """Train to the end, without waiting for the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot.os, "fsync", lambda _: None)
        trainer.train(epochs=EPOCHS, callbacks=long_callbacks(folder))
    return everything(trainer)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("uninterrupted"), make_full_trainer())


def test_killed_at_random_moments_and_resumed_equals_uninterrupted(tmp_path, uninterrupted):
    moments, steps = random.Random(1), [0]
    for _ in range(KILLS):
        with running(tmp_path) as process:
            time.sleep(moments.uniform(0.0, 0.08))
            process.send_signal(signal.SIGKILL)
            said = process.stdout.read()
        assert said == (f"resumed at step {steps[-1]}\n" if steps[-1] else "new\n")
        steps.append(restored(tmp_path).step)
    assert steps == sorted(set(steps)), "every run must have gone on from the one before"
    assert finished(tmp_path) == uninterrupted


def test_a_clean_stop_from_outside_saves_and_goes_on_the_same(tmp_path, uninterrupted):
    with running(tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert finished(tmp_path) == uninterrupted
