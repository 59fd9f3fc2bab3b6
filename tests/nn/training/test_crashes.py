"""No work is lost: killed at any moment, on a full disk, in a read-only folder, with damaged snapshots.

Fifty processes are killed each time: they are forked from one that has everything imported and compiled.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from nn.schedules import Constant
from nn.snapshot import SnapshotError, load, load_latest, previous
from nn.training import Snapshots
from tests.support import patience
from tests.support.full_training import STEPS_PER_EPOCH, Trouble
from tests.support.places import ROOT
from tests.support.tiny_training import everything, make_network, make_trainer

KILLS = 50
LONGEST = 0.12
"""Seconds of training before a kill."""
CALLS = 60
"""Number of calls that change a file before a process ends within one; a snapshot takes about nine."""
FOREVER = 10**6


class Server:
    """Processes that train; see `full_training`."""

    def __init__(self, process):
        self.process = process

    def start(self, folder, epochs=FOREVER, *, task="train", end_at_call=None):
        """Let a process train; return its number and the step that it goes on from."""
        request = {"task": task, "folder": str(folder), "epochs": epochs, "end_at_call": end_at_call}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        said, *numbers = self.process.stdout.readline().split()
        assert said == "training", f"the process could not go on: {said} {numbers}"
        return map(int, numbers)

    def status(self):
        """Wait for the end of the process, and return its exit status."""
        said, status = self.process.stdout.readline().split()
        assert said == "ended"
        return int(status)


@pytest.fixture(scope="module")
def server():
    """Numba's threads do not survive a fork: there is one."""
    threads = {"NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.full_training"],
        env={**os.environ, **threads, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    yield Server(process)
    process.stdin.close()
    process.wait(timeout=patience.SECONDS)
    process.stdout.close()


def remains(folder):
    """All results of a run except for its duration.

    The previous best snapshot is left out: a process killed right after saving the best saves it once more.
    """
    found = {}
    for name in ("model", "model.previous", "best"):
        snapshot = load(folder / f"{name}.safetensors")
        state = snapshot.metadata["training"]
        state.pop("seconds")
        for row in state["log"]["rows"]:
            row.pop("seconds")
        found[name] = {key: array.tobytes() for key, array in snapshot.arrays.items()}, state
    found["statistics"] = (folder / "statistics.csv").read_text()
    losses = [line.split(",") for line in (folder / "losses.csv").read_text().splitlines()]
    found["losses"] = [fields[:2] + fields[3:] for fields in losses]
    return found


def uninterrupted(server, folder, epochs):
    """The results of an uninterrupted run."""
    folder.mkdir()
    server.start(folder, epochs)
    assert server.status() == 0
    return remains(folder)


def kill_at_a_random_time(server, folder, moments):
    number, step = server.start(folder)
    time.sleep(moments.uniform(0, LONGEST))
    os.kill(number, signal.SIGKILL)
    return step


def kill_within_a_random_call(server, folder, moments):
    _, step = server.start(folder, end_at_call=moments.randint(1, CALLS))
    return step


def test_killed_fifty_times_at_random_equals_uninterrupted(tmp_path, server):
    moments, steps, unfinished = random.Random(1), [], 0
    folder = tmp_path / "killed"
    folder.mkdir()
    for number in range(KILLS):
        kill = kill_within_a_random_call if number % 2 else kill_at_a_random_time
        steps.append(kill(server, folder, moments))
        assert server.status() == -signal.SIGKILL
        unfinished += bool(list(folder.glob("*.unfinished.safetensors")))
    assert steps == sorted(steps) and len(set(steps)) > KILLS / 4, "many runs must have saved a step"
    assert any(step % STEPS_PER_EPOCH for step in steps), "some must have gone on within an epoch"
    assert unfinished >= KILLS / 10, "some must have been killed inside snapshot writing"
    epochs = steps[-1] // STEPS_PER_EPOCH + 3
    server.start(folder, epochs)
    assert server.status() == 0
    assert remains(folder) == uninterrupted(server, tmp_path / "whole", epochs)


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("train on a full disk", "File too large"),
        ("train in a read-only folder", "Permission denied"),
    ],
)
def test_trouble_with_the_folder_is_told_and_no_step_is_lost(tmp_path, server, task, reason):
    folder = tmp_path / "troubled"
    folder.mkdir()
    server.start(folder, 4, task=task)
    assert server.status() == 0
    told = json.loads((folder / "trouble.json").read_text())
    assert told["found"] == [[step, Trouble.first] for step in range(Trouble.first + 1, Trouble.last + 1)]
    saying = [error for error in told["errors"] if error.startswith("model.safetensors: cannot save")]
    assert len(saying) == Trouble.last - Trouble.first
    assert all(f"({reason}); the one saved before it is untouched" in error for error in saying)
    assert any(error.startswith("losses.csv: cannot write") for error in told["errors"])
    assert not list(folder.glob("*.unfinished*"))
    whole, found = uninterrupted(server, tmp_path / "whole", 4), remains(folder)
    del whole["best"], found["best"]  # the best may have come while it could not be saved
    assert found == whole


def truncations(path):
    """Return sizes to cut a file at: zero, within the length, header and data, one byte short."""
    contents = path.read_bytes()
    header = int.from_bytes(contents[:8], "little")
    data = 8 + header
    places = [0, 1, 7, 8, 9, 8 + header // 2, data - 1, data, data + 1, (data + len(contents)) // 2]
    return [*places, len(contents) - 4096, len(contents) - 512, len(contents) - 1]


@pytest.mark.parametrize("kind", ["cut", "zeros"])
@pytest.mark.parametrize("place", range(13))
def test_a_damaged_snapshot_is_passed_over_for_the_one_before(tmp_path, caplog, kind, place):
    """Cut short, or with zeros where nothing was written before the power failed."""
    path = tmp_path / "model.safetensors"
    run(make_trainer(schedule=Constant()), path, epochs=1.3)
    damage(path, kind, truncations(path)[place])
    with pytest.raises(SnapshotError):
        load(path)
    resumed = make_trainer(network=make_network(seed=9), schedule=Constant())
    resumed.restore(load_latest(path))
    assert resumed.step == load(previous(path)).metadata["training"]["step"] >= STEPS_PER_EPOCH
    assert str(path) in caplog.text and "loaded the one before it" in caplog.text
    run(resumed, path, epochs=3)
    whole = make_trainer(schedule=Constant())
    whole.train(epochs=3)
    assert everything(resumed) == everything(whole)
    assert load(path).metadata["training"]["step"] == whole.step


def run(trainer, path, epochs):
    trainer.train(epochs=epochs, callbacks=[Snapshots(path, 0, {})])


def damage(path, kind, size):
    contents = path.read_bytes()
    size = max(size, 0)
    path.write_bytes(contents[:size] + (bytes(len(contents) - size) if kind == "zeros" else b""))
