"""A training process that is killed or interrupted, and goes on as if nothing had happened."""

import random
import signal
import time
from pathlib import Path

import pytest
from hypothesis import settings

from experiments.video.folder import RunFolder
from tests.support import patience
from tests.support.killed_programs import start, wait_for_rows
from tests.support.video_runs import assert_same_bits, options, run

pytestmark = pytest.mark.usefixtures("one_thread")

KILLS = 30 if settings.default is not None and settings.default.max_examples >= 200 else 3
REPORTS = 6 * KILLS + 4

OPTIONS = options(
    steps=2 * REPORTS,
    snapshot_interval=0.001,
    decoder_input="true",
    sampling_curve="linear",
    sampling_steps=REPORTS,
    optimizer="rmsprop",
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    assert run("train", *OPTIONS, "--folder", folder) == 0
    return folder


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bits(tmp_path: Path, undisturbed: Path):
    draws, words = random.Random(KILLS), ["train", *OPTIONS, "--folder", str(tmp_path)]
    for _ in range(KILLS):
        process = start("video", *words)
        wait_for_rows(process, tmp_path, draws.randint(1, 3))
        time.sleep(draws.uniform(0, 0.02))
        process.kill()
        process.communicate()
        words = ["continue", str(tmp_path)]
    assert 0 < RunFolder(tmp_path).load().metadata["training"]["step"] < 2 * REPORTS
    assert run("continue", tmp_path) == 0
    assert_same_bits(tmp_path, undisturbed)
    assert not list(tmp_path.rglob(".*"))


def test_an_interrupt_saves_draws_and_says_how_to_go_on(tmp_path: Path, undisturbed: Path):
    process = start("video", "train", *OPTIONS, "--folder", str(tmp_path))
    wait_for_rows(process, tmp_path, 1)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=patience.SECONDS)
    assert (process.returncode, errors) == (130, "")
    assert f"go on with: python -m experiments video continue {tmp_path}" in printed
    assert RunFolder(tmp_path).frames.is_file()
    assert run("continue", tmp_path) == 0
    assert_same_bits(tmp_path, undisturbed)


def test_a_folder_in_use_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    process = start("video", "train", *OPTIONS, "--steps", "1000000", "--folder", str(tmp_path))
    try:
        wait_for_rows(process, tmp_path, 1)
        assert run("continue", tmp_path) == 1
        assert f"process {process.pid}" in capsys.readouterr().err
    finally:
        process.kill()
        process.communicate()
