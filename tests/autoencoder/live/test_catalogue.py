"""Snapshots, models and inputs by name: nothing else is accepted from outside."""

import json
from pathlib import Path
from unittest import mock

import pytest

from autoencoder.live.catalogue import BUILT_IN, by_name, with_path
from autoencoder.live.run import LiveRun
from nn.data import DataError
from nn.snapshot import SnapshotError
from nn.training.lock import FolderLock, FolderLockedError
from tests.support.autoencoder_runs import write_images
from tests.support.live_runs import bits, given_texts, kill, open_run, setting, train_steps
from workbench.errors import InputError, OperationError
from workbench.run.journal import JournalError
from workbench.run.snapshots import SnapshotFolder

pytestmark = pytest.mark.usefixtures("one_thread")

HOSTILE = [
    *(
        "..",
        ".",
        "",
        "/",
        "../model",
        "../../etc/passwd",
        "/etc/passwd",
        "step-00000002/../../model",
        "model",
    ),
    *(
        "step-00000002.safetensors",
        "step-00000002\0",
        "step-00000002\n",
        "STEP-00000002",
        "step-2",
        "~",
        "C:\\x",
    ),
    *(
        "%2e%2e%2fmodel",
        "step-00000002/",
        "./step-00000002",
        "step-٠٠٠٠٠٠٠٢",
        "file:///etc/passwd",
        "x" * 9999,
    ),
]


def test_snapshots_have_names_of_their_own_and_are_found_again(tmp_path: Path):
    run = open_run(tmp_path)
    train_steps(run, 2)
    names = []
    for bias in (0.25, 0.5, 0.75):
        run.apply([{"kind": "bias", "layer": 1, "neuron": 0, "value": bias}])
        names.append(run.snapshot()["name"])
    assert names == ["step-00000002", "step-00000002-2", "step-00000002-3"]
    run.close()
    assert [kept.name for kept in SnapshotFolder(tmp_path / "model").kept] == names
    snapshots = open_run(tmp_path).status()["snapshots"]
    assert [each["step"] for each in snapshots] == [2, 2, 2]
    assert snapshots[0]["seconds"] > 0


def test_a_snapshot_that_is_deleted_is_gone_and_can_be_made_again(tmp_path: Path):
    run = open_run(tmp_path)
    train_steps(run, 2)
    name = run.snapshot()["name"]
    loss = run.status()["snapshots"][0]["loss"]
    assert loss == run.session.trainer.log.last_loss > 0
    run.close()
    run = open_run(tmp_path)
    assert run.status()["snapshots"][0]["loss"] == loss
    run.snapshot()
    assert run.delete_snapshot(name) == {"name": name, "step": 2}
    assert [each["name"] for each in run.status()["snapshots"]] == [f"{name}-2"]
    for gone in (name, "../model", "model"):
        with pytest.raises(OperationError, match="there is no snapshot"):
            run.delete_snapshot(gone)
    run.delete_snapshot(f"{name}-2")
    assert run.snapshot()["name"] == name
    assert run.directory.model_path.is_file()


def test_what_is_no_snapshot_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    run = open_run(tmp_path)
    run.step()
    run.snapshot()
    run.close()
    folder = tmp_path / "model" / "snapshots"
    (folder / "step-00000009.safetensors").write_bytes(b"nothing")
    (folder / "step-00000008.safetensors").mkdir()
    (folder / "other.safetensors").write_bytes(b"nothing")
    (folder / "<img src=x>.safetensors").write_bytes(b"nothing")
    assert [each["name"] for each in open_run(tmp_path).status()["snapshots"]] == ["step-00000001"]
    assert caplog.text.count("left out, it is not a snapshot") == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_not_listed_is_refused(tmp_path: Path, name: str):
    run = open_run(tmp_path)
    train_steps(run, 2)
    run.snapshot()
    before = bits(run)
    for operation in (run.rewind, run.choose_input, *([] if name == "model" else [run.load_model])):
        with pytest.raises(OperationError, match="there is no"):
            operation(name)
    assert (bits(run), run.run) == (before, 1)


def test_a_snapshot_that_was_damaged_or_taken_away_changes_nothing(tmp_path: Path):
    run = open_run(tmp_path)
    train_steps(run, 2)
    name, before = run.snapshot()["name"], bits(run)
    path = tmp_path / "model" / "snapshots" / f"{name}.safetensors"
    contents = bytearray(path.read_bytes())
    contents[-1] ^= 1
    path.write_bytes(contents)
    with pytest.raises(SnapshotError, match="damaged"):
        run.rewind(name)
    path.unlink()
    with pytest.raises(SnapshotError, match="no such file"):
        run.rewind(name)
    assert (bits(run), run.run, run.state) == (before, 1, "idle")
    assert [event["event"] for event in run.journal(9)["events"]] == ["begin", "stop", "snapshot"]


def test_names_are_the_last_parts_of_paths_and_unique(tmp_path: Path):
    paths = [
        tmp_path / "a" / "photos",
        tmp_path / "b" / "photos",
        tmp_path / "a" / "photos",
        tmp_path / BUILT_IN,
    ]
    named = by_name(paths)
    assert list(named) == ["photos", "b/photos", f"{tmp_path.name}/{BUILT_IN}"]
    assert with_path(named, tmp_path / "b" / ".." / "b" / "photos")[0] == "b/photos"
    name, more = with_path(named, tmp_path / "c" / "photos")
    assert (name, more[name]) == ("c/photos", tmp_path / "c" / "photos")


@pytest.fixture
def run_with_choice(tmp_path: Path) -> LiveRun:
    """A run on digits that may change to photographs, or to a folder without any."""
    write_images(tmp_path / "photos", 12, channels=1)
    (tmp_path / "empty").mkdir()
    inputs = by_name([tmp_path / "photos", tmp_path / "empty"])
    models = by_name([tmp_path / "other", tmp_path / "nothing"])
    return LiveRun.open(given_texts(tmp_path), inputs=inputs, models=models)


def test_another_input_begins_anew_and_the_old_one_can_be_gone_back_to(run_with_choice: LiveRun):
    run = run_with_choice
    train_steps(run, 3)
    digits = bits(run)
    run.apply([setting("learning-rate", 0.5)])
    run.choose_input("photos")
    overview = run.overview()
    assert (overview["input"], overview["data"]["input"], run.run) == ("photos", "photos", 2)
    assert overview["data"]["training"] + overview["data"]["held_out"] == 12
    assert overview["inputs"] == [BUILT_IN, "photos", "empty"]
    assert (run.session.trainer.step, run.session.settings.learning_rate) == (0, 0.5)
    run.train(lambda: None)
    run.rewind("step-00000003")
    assert (bits(run), run.overview()["input"]) == (digits, BUILT_IN)
    run.choose_input(BUILT_IN)
    assert (run.session.trainer.step, run.session.settings.input_directory) == (0, None)


def test_an_input_without_images_changes_nothing(run_with_choice: LiveRun):
    run = run_with_choice
    train_steps(run, 2)
    before = bits(run)
    with pytest.raises(DataError, match="empty"):
        run.choose_input("empty")
    assert (bits(run), run.run, run.overview()["input"]) == (before, 1, BUILT_IN)
    assert run.status()["snapshots"] == []


def test_a_model_from_another_directory_goes_on_there(run_with_choice: LiveRun, tmp_path: Path):
    other = open_run(tmp_path, model_directory=tmp_path / "other", seed=9)
    train_steps(other, 5)
    other.apply([{"kind": "clamp", "layer": 1, "neuron": 2, "value": 0.5}])
    there = bits(other)
    with pytest.raises(FolderLockedError):
        run_with_choice.load_model("other")
    assert run_with_choice.run == 1
    other.close()
    run = run_with_choice
    run.step()
    here = bits(run)
    run.load_model("other")
    assert (bits(run), run.overview()["model"], run.overview()["machine"]["seed"]) == (there, "other", 9)
    assert run.status()["clamps"] == [[1, 2, 0.5]]
    assert run.directory.directory == run.session.settings.model_directory == tmp_path / "other"
    with pytest.raises(FolderLockedError), FolderLock(tmp_path / "other"):
        raise AssertionError("was not locked")
    run.load_model("model")
    assert bits(run) == here
    run.close()
    for name in ("model", "other"):
        with FolderLock(tmp_path / name):
            pass


def test_a_directory_without_a_model_changes_nothing(run_with_choice: LiveRun, tmp_path: Path):
    run = run_with_choice
    run.step()
    with pytest.raises(SnapshotError, match=r"nothing: no model.safetensors in it"):
        run.load_model("nothing")
    assert (run.run, run.overview()["model"]) == (1, "model")
    with FolderLock(tmp_path / "nothing"):
        pass


def test_loading_the_own_model_goes_back_to_what_was_saved(tmp_path: Path):
    run = open_run(tmp_path)
    train_steps(run, 3)
    saved = bits(run)
    for made_another_step in (False, True):
        if made_another_step:
            run.step()
        run.apply([setting("epochs", 9), {"kind": "bias", "layer": 1, "neuron": 0, "value": 0.75}])
        run.load_model("model")
        assert (bits(run), run.status()["changes"], run.session.settings.epochs) == (saved, 0, 4)
    kill(run)
    assert (bits(open_run(tmp_path))) == saved


@pytest.mark.parametrize(("what", "argument"), [("rewind", "step-00000002"), ("reset", 7)])
def test_a_run_that_could_not_be_left_is_still_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, argument: object
):
    run = open_run(tmp_path)
    train_steps(run, 2)
    run.snapshot()
    train_steps(run, 3)
    before = bits(run)
    with monkeypatch.context() as broken:
        for name in ("begin", "take_up"):
            broken.setattr(run.directory.journal, name, mock.Mock(side_effect=JournalError("no room")))
        with pytest.raises(JournalError):
            getattr(run, what)(argument)
    run.close()
    again = open_run(tmp_path)
    assert (bits(again), again.session.trainer.step) == (before, 5)


def test_a_killed_run_goes_on_with_its_clamps_and_locks(tmp_path: Path):
    run = open_run(tmp_path)
    train_steps(run, 3)
    run.apply(
        [
            {"kind": "clamp", "layer": 1, "neuron": 2, "value": 0.5},
            {"kind": "lock", "layer": 2, "neuron": 1, "locked": True},
            {"kind": "bias", "layer": 1, "neuron": 0, "value": 0.75},
        ]
    )
    edited = bits(run)
    kill(run)
    again = open_run(tmp_path)
    assert (bits(again), again.status()["clamps"], again.status()["locks"]) == (
        edited,
        [[1, 2, 0.5]],
        [[2, 1]],
    )
    train_steps(again, 2)
    again.step()
    again.apply([{"kind": "clamp", "layer": 1, "neuron": 2, "value": None}])
    kill(again)
    last = open_run(tmp_path)
    assert (last.session.trainer.step, last.status()["clamps"]) == (5, [[1, 2, 0.5]])
    events = [json.loads(line) for line in (tmp_path / "model" / "journal.jsonl").read_text().splitlines()]
    assert events[-1] == {"event": "rewind", "step": 5, "name": "model", "kept": 1}


def test_the_same_command_line_does_not_undo_what_was_changed(tmp_path: Path):
    run = open_run(tmp_path)
    run.apply([setting("batch-size", 5), setting("learning-rate", 0.5)])
    run.close()
    again = open_run(tmp_path)
    assert (again.session.settings.batch_size, again.session.settings.learning_rate) == (5, 0.5)
    again.close()
    other = open_run(tmp_path, learning_rate=0.25)
    assert other.session.settings.learning_rate == 0.25
    assert other.status()["changes"] == 2


def test_overwriting_begins_anew(tmp_path: Path):
    run = open_run(tmp_path)
    first = bits(run)
    run.train(lambda: None)
    run.close()
    again = LiveRun.open(given_texts(tmp_path), overwrite=True)
    assert (bits(again), again.session.trainer.step) == (first, 0)
    assert (tmp_path / "model" / "journal.previous.jsonl").exists()


def test_a_folder_that_is_no_folder_is_named(tmp_path: Path):
    run = open_run(tmp_path)
    (tmp_path / "model" / "snapshots").write_text("a file")
    with pytest.raises(OperationError, match="snapshots: cannot make this folder"):
        run.snapshot()
    with pytest.raises(InputError, match="cannot make this directory"):
        open_run(tmp_path / "model" / "snapshots")
