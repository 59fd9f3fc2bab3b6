"""The process of a training: what it prints, how it is stopped, and whom it holds the lock for."""

import subprocess
import sys
from pathlib import Path

import pytest

from experiments.sweep import training as module
from experiments.sweep.held import HeldTrial
from experiments.sweep.training import Training
from tests.support import patience
from tests.support.places import ROOT

READY = "import pathlib, time; pathlib.Path('{ready}').touch(); time.sleep(1000)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}"
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', {code!r}]).wait()"
ATTACHED = f"import sys; sys.path.insert(0, '{ROOT}'); from experiments.sweep import attached; "
ATTACHED += f"attached.end_with_parent(attached.kill_group); {READY}"


@pytest.fixture
def begin(tmp_path: Path):
    """Begin a program, and wait for the file that it makes when it is ready."""
    begun = []

    def begin(code: str, *, waits: bool = True) -> tuple[Training, HeldTrial]:
        held = HeldTrial.take(tmp_path, "trial-0000")
        assert held is not None
        ready = tmp_path / "ready"
        command = ["-c", code.replace("{ready}", str(ready))]
        begun.append(Training(command, tmp_path / "trial", held.descriptor, {"SAID": "in the environment"}))
        if waits:
            patience.wait_until(ready.exists)
        return begun[-1], held

    yield begin
    for training in begun:
        training.close()


def test_its_status_and_the_last_line_of_this_attempt_are_known(tmp_path: Path, begin):
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "log.txt").write_text("an attempt before\n")
    code = "import os, sys; print('first'); print(os.environ['SAID'] + '\\n', file=sys.stderr); sys.exit(3)"
    training, _ = begin(code, waits=False)
    patience.wait_until(lambda: training.status() is not None)
    assert (training.status(), training.last_words()) == (3, "in the environment")
    silent = Training(["-c", ""], tmp_path / "trial", 0, {})
    patience.wait_until(lambda: silent.status() is not None)
    assert silent.last_words() == ""
    silent.close()


def test_one_that_does_not_end_when_asked_is_killed(begin, monkeypatch):
    monkeypatch.setattr(module, "GRACE", 0.1)
    training, _ = begin(STUBBORN)
    assert training.stop() == -9


def test_what_it_has_started_ends_with_it_and_until_then_the_lock_is_held(tmp_path: Path, begin):
    training, held = begin(PARENT.format(code=READY.replace("{ready}", str(tmp_path / "ready"))))
    held.release()  # as where the worker is killed
    assert HeldTrial.take(tmp_path, "trial-0000") is None
    training.kill()
    again = HeldTrial.take(tmp_path, "trial-0000")
    assert again is not None
    again.release()


def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path):
    ready = tmp_path / "ready"
    command = [sys.executable, "-c", ATTACHED.replace("{ready}", str(ready))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        patience.wait_until(ready.exists)
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.close()  # as the system does where the other process ends
        assert process.wait(patience.SECONDS) == -9
