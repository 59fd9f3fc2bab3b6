"""Sessions: data, model and trainer from settings; continuing exactly where training stopped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoencoder.model_file import load_snapshot
from autoencoder.session import Session, resume_session, resumed_settings, start_session
from autoencoder.session_images import fingerprint
from nn.data import DataError, ImageSet
from nn.snapshot import SnapshotError
from nn.training import Trainer
from nn.training.callbacks import Callback
from nn.training.lock import FolderLock, FolderLockedError
from tests.support.autoencoder_runs import tiny_settings, write_images
from workbench.errors import SettingsError
from workbench.settings.table import Given

pytestmark = pytest.mark.usefixtures("one_thread")


class StopAfter(Callback):
    """Stops training after some steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_step(self, trainer: Trainer) -> None:
        self.steps -= 1
        if not self.steps:
            trainer.stop()


def parameters(session: Session) -> np.ndarray:
    return session.model.network.parameters.values.copy()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"architecture": "local", "layers": "2", "code_size": 16, "rung": "o1"},
        {"architecture": "graph", "connections": 5, "rung": "o1", "optimizer": "nesterov"},
        {"architecture": "graph", "connections": 3, "rung": "o2", "moving": "set", "move_every": 1},
        {"architecture": "graph", "connections": 3, "rung": "o2", "moving": "rigl", "move_every": 2},
        {"optimizer": "sgd", "schedule": "constant", "rung": "o2"},
        {"rung": "o2", "storage": "bfloat16"},
    ],
)
@pytest.mark.parametrize("steps", [1, 3, 4])
def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, changes: dict[str, Any], steps: int):
    whole = start_session(tiny_settings(model_directory=tmp_path / "whole", **changes))
    whole.train()
    parted = start_session(tiny_settings(model_directory=tmp_path / "parted", **changes))
    assert parted.train([StopAfter(steps)]).stopped
    snapshot = load_snapshot(tmp_path / "parted")
    resumed = resume_session(resumed_settings({}, snapshot), snapshot)
    assert not resumed.train().stopped
    np.testing.assert_array_equal(parameters(resumed), parameters(whole))
    assert resumed.trainer.log.curve == whole.trainer.log.curve


@pytest.mark.parametrize("moving", ["none", "set", "rigl"])
def test_connections_move_where_that_is_wanted(tmp_path: Path, moving: str):
    changes = {"architecture": "graph", "connections": 3, "moving": moving, "move_every": 2, "keep": "best"}
    session = start_session(tiny_settings(model_directory=tmp_path, rung="o1", **changes))
    graphs = [leaf.graph for leaf in session.network.leaves.values()]
    session.train()
    after = [leaf.graph for leaf in session.network.leaves.values()]
    moved = any((one.sources != other.sources).any() for one, other in zip(graphs, after, strict=True))
    assert moved == (moving != "none")


def test_the_same_seed_gives_the_same_model_and_another_gives_another(tmp_path: Path):
    first, same, other = (
        start_session(tiny_settings(seed=seed, model_directory=tmp_path / str(number)))
        for number, seed in enumerate((1, 1, 2))
    )
    np.testing.assert_array_equal(parameters(first), parameters(same))
    assert first.fingerprint == same.fingerprint != other.fingerprint
    assert (parameters(first) != parameters(other)).any()


def test_training_lowers_the_error(tmp_path: Path):
    session = start_session(tiny_settings(model_directory=tmp_path, epochs=30))
    session.train()
    rows = session.trainer.rows
    assert rows[-1].training_loss < 0.7 * rows[0].training_loss
    assert rows[-1].held_out_loss < 0.7 * rows[0].held_out_loss


def test_padding_does_not_count(tmp_path: Path):
    write_images(tmp_path / "images", 6, channels=1, side=12)
    settings = tiny_settings(
        input_directory=tmp_path / "images", width=16, height=8, fit="pad", model_directory=tmp_path / "model"
    )
    session = start_session(settings)
    assert session.training.masks is not None
    assert not session.training.masks[:, :, 0].any()
    session.train()
    outer = session.model.network.networks[1].layers[-1].parameters["biases"].reshape(8, 16)[:, 0]
    assert (outer == 0).all()


def test_data_that_changed_are_refused(tmp_path: Path):
    write_images(tmp_path / "images", 6)
    settings = tiny_settings(input_directory=tmp_path / "images", model_directory=tmp_path / "model")
    start_session(settings).train()
    snapshot = load_snapshot(tmp_path / "model")
    write_images(tmp_path / "images", 7)
    with pytest.raises(SnapshotError, match=r"was trained on other images than .*images holds now"):
        resume_session(settings, snapshot)


def test_a_fingerprint_sees_pixels_and_masks():
    images = np.zeros((2, 3, 3, 1), np.uint8)
    masks = np.ones((2, 3, 3), np.bool_)
    prints = {fingerprint(ImageSet(images, ["a", "b"])), fingerprint(ImageSet(images, ["a", "b"], masks))}
    images[1, 2, 2] = 1
    prints |= {fingerprint(ImageSet(images, ["a", "b"])), fingerprint(ImageSet(images[:1], ["a"]))}
    assert len(prints) == 4


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    start_session(tiny_settings(model_directory=tmp_path)).train()
    return tmp_path


def test_what_decides_the_model_cannot_change(trained: Path):
    snapshot = load_snapshot(trained)
    same = {"code_size": Given("4", "--code-size"), "epochs": Given("9", "--epochs")}
    assert resumed_settings(same, snapshot).epochs == 9
    with pytest.raises(SettingsError, match=r"run.conf:3: layers=9: the model .* was made with layers=12"):
        resumed_settings({"layers": Given("9", "run.conf:3: layers")}, snapshot)


def test_a_learning_rate_can_change(trained: Path):
    snapshot = load_snapshot(trained)
    settings = resumed_settings({"learning_rate": Given("0.5", "--learning-rate")}, snapshot)
    assert resume_session(settings, snapshot).trainer.optimizer.learning_rate == 0.5


def test_going_on_after_the_end_makes_no_step(trained: Path):
    snapshot = load_snapshot(trained)
    session = resume_session(resumed_settings({}, snapshot), snapshot)
    before = parameters(session)
    assert not session.train().stopped
    np.testing.assert_array_equal(parameters(session), before)


def test_two_sessions_cannot_train_in_one_directory(tmp_path: Path):
    session = start_session(tiny_settings(model_directory=tmp_path))
    with FolderLock(tmp_path), pytest.raises(FolderLockedError):
        session.train()


def test_there_is_a_snapshot_from_the_first_moment(tmp_path: Path):
    session = start_session(tiny_settings(model_directory=tmp_path, snapshot_interval=1000))

    class Look(Callback):
        found = 0

        def on_step(self, trainer: Trainer) -> None:
            Look.found += load_snapshot(tmp_path).metadata["training"]["step"] == 0

    session.train([Look()])
    assert Look.found == session.trainer.step > 0


def test_nothing_to_train_on_is_an_error(tmp_path: Path):
    with pytest.raises(DataError, match="no image files"):
        start_session(tiny_settings(input_directory=tmp_path))


def test_all_data_can_be_trained_on(tmp_path: Path):
    session = start_session(tiny_settings(model_directory=tmp_path, held_out=0))
    session.train()
    assert len(session.held_out) == 0
    assert session.trainer.rows[-1].held_out_loss is None
