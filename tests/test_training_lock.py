"""One trainer a folder: the second is told who holds it, and a killed one holds nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nn.training.lock import FolderLock, FolderLockedError

HOLD = """
import sys, time
from nn.training.lock import FolderLock
with FolderLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_second_is_told_who_holds_the_folder_and_gets_it_when_that_is_killed(tmp_path, holder):
    with pytest.raises(FolderLockedError, match=rf"{tmp_path}: process {holder.pid} on .* is training here"):
        FolderLock(tmp_path).__enter__()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with FolderLock(tmp_path):
        assert (tmp_path / "training.lock").read_text().startswith(f"process {os.getpid()} on ")


def test_within_one_process_too_and_free_again_afterwards(tmp_path):
    with FolderLock(tmp_path), pytest.raises(FolderLockedError), FolderLock(tmp_path):
        pass
    with pytest.raises(ZeroDivisionError), FolderLock(tmp_path):
        1 / 0  # noqa: B018
    with FolderLock(tmp_path):
        pass


def test_a_shorter_name_leaves_nothing_of_a_longer_one(tmp_path):
    (tmp_path / "training.lock").write_text(
        "process 123456789 on a machine with a very long name indeed\n" * 5
    )
    with FolderLock(tmp_path):
        assert (tmp_path / "training.lock").read_text().count("\n") == 1


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), FolderLock(tmp_path / "nowhere"):
        pass
