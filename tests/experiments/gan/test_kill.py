"""A training process that is killed or interrupted, and goes on as if nothing had happened."""

import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from experiments.gan.folder import RunFolder
from nn.snapshot import load
from tests.support import patience
from tests.support.gan_runs import assert_same_bits, options, run
from tests.support.killed_programs import start, wait_for_rows

pytestmark = pytest.mark.usefixtures("one_thread")

KILLS = 30 if settings.default is not None and settings.default.max_examples >= 200 else 3
EPOCHS = 4 * KILLS + 4

OPTIONS = options(
    epochs=EPOCHS,
    snapshot_interval=0.001,
    every=1000,
    dropout=0.2,
    instance_noise=0.1,
    noise_epochs=EPOCHS / 2,
    score_every=2,
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    assert run("train", *OPTIONS, "--folder", folder) == 0
    return folder


def assert_same_best(one: Path, other: Path) -> None:
    bests = [load(RunFolder(each).best).arrays for each in (one, other)]
    assert bests[0].keys() == bests[1].keys()
    for name, array in bests[0].items():
        np.testing.assert_array_equal(array, bests[1][name], err_msg=name)


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bits(tmp_path: Path, undisturbed: Path):
    draws, words = random.Random(KILLS), ["train", *OPTIONS]
    for _ in range(KILLS):
        process = start("gan", *words, "--folder", str(tmp_path))
        wait_for_rows(process, tmp_path, draws.randint(1, 3))
        time.sleep(draws.uniform(0, 0.02))
        process.kill()
        process.communicate()
        words = ["continue"]
    assert 0 < RunFolder(tmp_path).load().metadata["gan"]["shuffle"]["epoch"] < EPOCHS
    assert run("continue", "--folder", tmp_path) == 0
    assert_same_bits(tmp_path, undisturbed)
    assert_same_best(tmp_path, undisturbed)
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_saves_draws_and_says_how_to_go_on(
    tmp_path: Path, undisturbed: Path, number: signal.Signals
):
    process = start("gan", "train", *OPTIONS, "--folder", str(tmp_path))
    wait_for_rows(process, tmp_path, 1)
    process.send_signal(number)
    printed, errors = process.communicate(timeout=patience.SECONDS)
    assert (process.returncode, errors) == (130, "")
    assert f"go on with: python -m experiments gan continue --folder {tmp_path}" in printed
    assert RunFolder(tmp_path).samples.is_file()
    assert run("continue", "--folder", tmp_path) == 0
    assert_same_bits(tmp_path, undisturbed)


def test_a_folder_in_use_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    process = start("gan", "train", *OPTIONS, "--epochs", "100000", "--folder", str(tmp_path))
    try:
        wait_for_rows(process, tmp_path, 1)
        for words in (["continue"], ["train", *OPTIONS, "--overwrite"]):
            assert run(*words, "--folder", tmp_path) == 1
            assert f"process {process.pid}" in capsys.readouterr().err
    finally:
        process.kill()
        process.communicate()
