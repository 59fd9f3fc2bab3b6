"""Temporary folders of runs: those of killed ones are removed, and no others."""

import subprocess
import sys
from pathlib import Path

import pytest

from nn.training.lock import FolderLock
from workbench.run.temporary_folders import PREFIX, remove_abandoned, temporary_folder

HOLDS = """
import sys
from nn.training.lock import FolderLock
with FolderLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_folder_of_a_living_run_stays_and_that_of_a_killed_one_goes(tmp_path: Path) -> None:
    folder = tmp_path / f"{PREFIX}one"
    (folder / "snapshots").mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        remove_abandoned(tmp_path)
        assert folder.is_dir()
        process.kill()
    remove_abandoned(tmp_path)
    assert not folder.exists()


def test_what_is_not_known_to_be_abandoned_stays(tmp_path: Path) -> None:
    beginning, elsewhere, own = (tmp_path / name for name in (f"{PREFIX}new", "other", f"{PREFIX}own"))
    for folder in (beginning, elsewhere, own):
        folder.mkdir()
    (beginning / "training.lock").touch()
    (elsewhere / "training.lock").write_text("process 1 on here\n")
    link = tmp_path / f"{PREFIX}link"
    link.symlink_to(elsewhere)
    with FolderLock(own):
        remove_abandoned(tmp_path)
    assert all(folder.is_dir() for folder in (beginning, elsewhere, own, link))
    assert (elsewhere / "training.lock").exists()


def test_a_run_begins_by_removing_what_others_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / "training.lock").write_text("process 1 on here\n")
    with temporary_folder() as folder:
        assert folder.parent == tmp_path and folder.is_dir()
        assert not left.exists()
    assert not folder.exists()
