"""One trainer for a folder or a snapshot: a second one hears which process has it; a killed one has none."""

import fcntl
import os
import signal
import subprocess
import sys

import pytest

from nn.snapshot import MissingSnapshotError, SnapshotError, load
from nn.training import Best, Callback, Snapshots
from nn.training.lock import FileLock, FolderLock, FolderLockedError
from tests.support.places import ROOT
from tests.support.tiny_training import everything, make_trainer

HOLD = """
import sys, time
from nn.training.lock import FileLock, FolderLock
with FolderLock(sys.argv[1]), FileLock(sys.argv[1] + "/model.safetensors"):
    print("held", flush=True)
    time.sleep(3600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder and a file in it."""
    root = ROOT
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


def test_nothing_is_left_behind(tmp_path):
    with FolderLock(tmp_path), FileLock(tmp_path / "model.safetensors"):
        assert len(list(tmp_path.iterdir())) == 2
    assert not list(tmp_path.iterdir())


def test_a_lock_whose_file_is_removed_while_it_is_taken_is_taken_anew(tmp_path, monkeypatch):
    """Otherwise two could hold the lock: one on the removed file, one on the new one."""
    removed, flock = [], fcntl.flock

    def remove_once(descriptor, operation):
        if not removed:
            (tmp_path / "training.lock").unlink()
            removed.append(descriptor)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", remove_once)
    with FolderLock(tmp_path):
        assert removed
        assert (tmp_path / "training.lock").exists()
        with pytest.raises(FolderLockedError):
            FolderLock(tmp_path).__enter__()


def test_a_second_trainer_of_a_snapshot_is_told_who_saves_it(tmp_path, holder):
    path = tmp_path / "model.safetensors"
    for second in (Snapshots(path, 0, {}), Best(path)):
        with pytest.raises(FolderLockedError, match=rf"{path}: process {holder.pid} on .* is saving to it"):
            make_trainer().train(epochs=1, callbacks=[second])
        with pytest.raises(MissingSnapshotError):
            load(path)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    make_trainer().train(epochs=1, callbacks=[Snapshots(path, 0, {})])
    assert load(path).metadata["training"]["step"] == 5


def test_the_first_of_two_trainers_is_not_disturbed(tmp_path):
    class Intruder(Callback):
        def on_step(self, trainer):
            if trainer.step == 3:
                with pytest.raises(FolderLockedError, match=f"process {os.getpid()} "):
                    make_trainer().train(epochs=1, callbacks=[Snapshots(path, 0, {"second": True})])

    path = tmp_path / "model.safetensors"
    disturbed, alone = make_trainer(), make_trainer()
    disturbed.train(epochs=2, callbacks=[Snapshots(path, 0, {}), Intruder()])
    alone.train(epochs=2)
    assert everything(disturbed) == everything(alone)
    assert "second" not in load(path).metadata
    alone.train(epochs=3, callbacks=[Snapshots(path, 0, {"second": True})])
    assert "second" in load(path).metadata


def test_a_last_and_a_best_snapshot_share_a_folder(tmp_path):
    callbacks = [Best(tmp_path / "best.safetensors"), Snapshots(tmp_path / "model.safetensors", 0, {})]
    make_trainer().train(epochs=1, callbacks=callbacks)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.safetensors",
        "model.previous.safetensors",
        "model.safetensors",
    ]


def test_a_place_that_cannot_be_saved_to_is_told_before_the_first_step(tmp_path):
    trainer = make_trainer()
    with pytest.raises(SnapshotError, match=r"nowhere/model.safetensors: cannot save .* \(No such"):
        trainer.train(epochs=1, callbacks=[Snapshots(tmp_path / "nowhere" / "model.safetensors", 60, {})])
    assert trainer.step == 0
