"""A training process that is killed or interrupted, and the files that it leaves."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from autoencoder.model_file import load_snapshot
from tests.support import patience
from tests.support.autoencoder_runs import run, tiny_options
from tests.support.places import ROOT

EPOCHS = 40
PATIENCE = patience.SECONDS
"""Seconds to wait for a process that should train."""

OPTIONS = tiny_options(epochs=EPOCHS, snapshot_interval=0.001)


def start(directory: Path, *more: str) -> subprocess.Popen[str]:
    """Start or continue training in a separate process."""
    places = ("--model-directory", str(directory / "model"), "--output-directory", str(directory / "output"))
    command = [sys.executable, "-m", "autoencoder", "train", *places, *more]
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes)


def wait_for_epochs(process: subprocess.Popen[str], directory: Path, count: int) -> None:
    """Wait until the table has that many epochs."""
    table = directory / "output" / "losses.csv"
    given_up = time.monotonic() + PATIENCE
    while not table.exists() or len(table.read_text().splitlines()) <= count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < given_up, "no epoch was finished"
        time.sleep(0.002)


def parameters(directory: Path) -> dict[str, np.ndarray]:
    snapshot = load_snapshot(directory / "model")
    assert snapshot.metadata["training"]["shuffle"]["epoch"] == EPOCHS
    return snapshot.arrays


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The result of a run that is not interrupted."""
    directory = tmp_path_factory.mktemp("uninterrupted")
    places = ("--model-directory", directory / "model", "--output-directory", directory / "output")
    assert run("train", *OPTIONS, *places) == 0
    return parameters(directory)


def assert_equal_bits(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path, uninterrupted: dict[str, np.ndarray]):
    more = OPTIONS
    for count in (2, 9, 16):
        process = start(tmp_path, *more)
        wait_for_epochs(process, tmp_path, count)
        process.kill()
        process.communicate()
        step = load_snapshot(tmp_path / "model").metadata["training"]["step"]
        assert 0 < step < 3 * EPOCHS
        more = ["--resume"]
    assert run("train", "--resume", "--model-directory", tmp_path / "model") == 0
    assert_equal_bits(parameters(tmp_path), uninterrupted)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_saves_draws_and_says_how_to_go_on(
    tmp_path: Path, uninterrupted: dict[str, np.ndarray], number: signal.Signals
):
    process = start(tmp_path, *OPTIONS)
    wait_for_epochs(process, tmp_path, 3)
    process.send_signal(number)
    printed, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert errors == ""
    model = tmp_path / "model"
    assert f"go on with: autoencoder train --resume --model-directory {model}" in printed
    assert (tmp_path / "output" / "reconstructions.png").is_file()
    assert not list(model.glob("*.unfinished*"))
    assert run("train", "--resume", "--model-directory", model) == 0
    assert_equal_bits(parameters(tmp_path), uninterrupted)
