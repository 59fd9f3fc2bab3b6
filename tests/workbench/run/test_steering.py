"""Steering: changes between steps reach model and trainer, all of them or none, and are recorded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoencoder.model_file import load_snapshot
from autoencoder.session import Session, resume_session, resumed_settings
from nn.activations import LeakyReLU
from nn.snapshot import SnapshotError
from nn.training import Trainer, TrainingMemoryError
from nn.training.callbacks import Callback
from tests.support.live_models import ARCHITECTURES
from tests.support.live_runs import bits, open_session, setting
from workbench.errors import SettingsError
from workbench.run.changes import ChangeError, parse_changes
from workbench.settings.table import Given


class StopAfter(Callback):
    """Stops training after some steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_step(self, trainer: Trainer) -> None:
        self.steps -= 1
        if not self.steps:
            trainer.stop()


pytestmark = pytest.mark.usefixtures("one_thread")
every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
OPTIMIZERS = ("sgd", "nesterov", "adam", "ftrl")


def apply(session: Session, *changes: dict[str, Any]) -> None:
    session.steering.apply(parse_changes(list(changes)))


def parameters(session: Session) -> np.ndarray:
    return session.model.network.parameters.values


def connection(session: Session, layer: int, target: int) -> int:
    """Return the last source of a neuron."""
    return int(session.steering.anatomy.incoming(layer, target).neurons[-1])


def advance(session: Session, steps: int = 1) -> None:
    for _ in range(steps):
        session.trainer.advance()


@every_architecture
def test_a_bias_and_a_weight_become_just_the_numbers_given(tmp_path: Path, architecture: str):
    session = open_session(tmp_path, architecture)
    before, source = parameters(session).copy(), connection(session, 2, 1)
    apply(
        session,
        {"kind": "bias", "layer": 1, "neuron": 3, "value": 0.25},
        {"kind": "weight", "layer": 2, "target": 1, "source": source, "value": -0.1},
    )
    anatomy = session.steering.anatomy
    places = [anatomy.bias(1, 3), anatomy.weight(2, 1, source)]
    np.testing.assert_array_equal(parameters(session)[places], np.array([0.25, -0.1], np.float32))
    assert set(np.flatnonzero(parameters(session) != before)) <= set(places)


@every_architecture
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_is_locked_does_not_learn_and_the_rest_does(tmp_path: Path, architecture: str, optimizer: str):
    session = open_session(tmp_path, architecture, optimizer=optimizer)
    advance(session, 2)
    source = connection(session, 1, 5)
    apply(
        session,
        {"kind": "lock", "layer": 2, "neuron": 1, "locked": True},
        {"kind": "lock_weight", "layer": 1, "target": 5, "source": source, "locked": True},
        {"kind": "bias", "layer": 2, "neuron": 1, "value": 0.125},
    )
    anatomy, before = session.steering.anatomy, parameters(session).copy()
    locked = {*anatomy.incoming_parameters(2, 1).tolist(), anatomy.weight(1, 5, source)}
    advance(session, 3)
    changed = set(np.flatnonzero(parameters(session) != before).tolist())
    assert before[anatomy.bias(2, 1)] == 0.125
    assert not changed & locked
    assert len(changed) > before.size // 2


def test_without_locks_the_trainer_is_what_it_was(tmp_path: Path):
    session, other = (open_session(tmp_path / name, optimizer="sgd") for name in "ab")
    apply(session, {"kind": "lock", "layer": 1, "neuron": 0, "locked": True})
    assert session.trainer.options.regularizers
    apply(session, {"kind": "lock", "layer": 1, "neuron": 0, "locked": False})
    assert not session.trainer.options.regularizers
    advance(session, 5)
    advance(other, 5)
    assert bits(session) == bits(other)


def shown(session: Session, layer: int) -> np.ndarray:
    """Return the values of a layer in the last forward pass of the model, (neurons, N)."""
    inside = session.steering.anatomy.neuron_layer(layer)
    values = inside.values()
    return values.reshape(-1, values.shape[-1])


@every_architecture
def test_a_clamped_neuron_has_its_value_until_it_is_let_go(tmp_path: Path, architecture: str):
    session = open_session(tmp_path, architecture)
    last = len(session.steering.anatomy.layers) - 1
    for layer in (1, last):
        apply(session, {"kind": "clamp", "layer": layer, "neuron": 2, "value": 0.75})
    apply(session, {"kind": "clamp", "layer": 1, "neuron": 3, "value": -0.5})
    advance(session)
    assert (shown(session, 1)[2] == 0.75).all()
    assert (shown(session, 1)[3] == -0.5).all()
    assert (shown(session, last)[2] == 0.75).all()
    assert len(np.unique(shown(session, 1)[4])) > 1
    apply(session, {"kind": "clamp", "layer": 1, "neuron": 2, "value": None})
    advance(session)
    assert len(np.unique(shown(session, 1)[2])) > 1
    assert (shown(session, 1)[3] == -0.5).all()
    assert session.steering.clamps == {(last, 2): 0.75, (1, 3): -0.5}


@every_architecture
def test_settings_reach_trainer_and_model(tmp_path: Path, architecture: str):
    session = open_session(tmp_path, architecture)
    advance(session)
    texts = {"learning-rate": 0.5, "batch-size": 7, "optimizer": "nesterov", "leakage": 0.375}
    apply(session, *(setting(*each) for each in texts.items()), setting("epochs", ""), setting("minutes", 3))
    trainer = session.trainer
    assert (trainer.optimizer.learning_rate, trainer.batch_size, trainer.optimizer.name) == (0.5, 7, "sgd")
    assert trainer.limits == (None, 3.0)
    assert session.settings is session.model.settings
    assert (session.settings.leakage, session.settings.epochs) == (0.375, None)
    anatomy = session.steering.anatomy
    activations = [anatomy.activation(layer) for layer in range(1, len(anatomy.layers))]
    slopes = {each for each in activations if isinstance(each, LeakyReLU)}
    assert slopes == {LeakyReLU(0.375)}
    advance(session)
    assert trainer.shuffle.entry == 16 + 7


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"kind": "bias", "layer": 9, "neuron": 0, "value": 1},
            r"change 3 \(bias\): there is no layer 9: give 1 to 4",
        ),
        (
            {"kind": "bias", "layer": 0, "neuron": 0, "value": 1},
            r"change 3 \(bias\): layer 0 \(input\) is an input",
        ),
        (
            {"kind": "clamp", "layer": 0, "neuron": 0, "value": 1},
            r"change 3 \(clamp\): layer 0 \(input\) is an input",
        ),
        (
            {"kind": "clamp", "layer": 1, "neuron": 12, "value": None},
            r"change 3 \(clamp\): .* has neurons 0 to 11",
        ),
        (
            {"kind": "lock", "layer": 2, "neuron": 4, "locked": True},
            r"change 3 \(lock\): .* has neurons 0 to 3",
        ),
        (
            {"kind": "weight", "layer": 1, "target": 0, "source": 64, "value": 1},
            r"change 3 \(weight\): .* has neurons 0 to 63, no neuron 64",
        ),
        (
            setting("learning-rate", 0),
            r"change 3 \(setting\): learning-rate=0: it should be a number above 0",
        ),
        (
            setting("learning-rate", "fast"),
            r"change 3 \(setting\): learning-rate=fast: it should be a number above 0",
        ),
        (setting("optimizer", "adamm"), r"optimizer=adamm: .*; did you mean adam\?"),
        (
            setting("epochs", "0"),
            r"change 3 \(setting\): epochs=0: it should be a whole number of at least 1",
        ),
        (setting("leakage", "1.5"), r"change 3 \(setting\): leakage=1.5: it should be a number from 0 to 1"),
    ],
)
def test_nothing_is_changed_where_one_change_cannot_be_made(
    tmp_path: Path, change: dict[str, Any], expected: str
):
    session = open_session(tmp_path)
    before, settings = bits(session), session.settings
    good = {"kind": "bias", "layer": 1, "neuron": 0, "value": 3}
    with pytest.raises(ChangeError, match=expected):
        apply(session, good, setting("batch-size", 3), change)
    assert (bits(session), session.settings) == (before, settings)
    assert (session.trainer.batch_size, session.steering.state()) == (16, {})


def test_settings_that_need_more_memory_than_there_is_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    session = open_session(tmp_path)

    def refuse(*arguments: Any) -> None:
        raise TrainingMemoryError("training needs 9.0 GiB more memory")

    monkeypatch.setattr("autoencoder.adjustable.require_memory_to_change", refuse)
    with pytest.raises(ChangeError, match=r"change 1 \(setting\): training needs 9.0 GiB"):
        apply(session, setting("batch-size", 60000))
    apply(session, setting("learning-rate", 0.5))
    assert session.settings.batch_size == 16


def test_only_live_settings_change(tmp_path: Path):
    session = open_session(tmp_path)
    with pytest.raises(SettingsError, match="--seed: cannot change while a run goes on"):
        session.change({"seed": Given("3", "--seed")})
    session.change({"epochs": Given("9", "--epochs")})
    assert session.trainer.limits.epochs == 9


def test_a_lineage_is_nothing_until_something_is_changed(tmp_path: Path):
    session = open_session(tmp_path)
    assert "lineage" not in session.contents()[1]
    apply(session, setting("epochs", 9))
    lineage = session.contents()[1]["lineage"]
    assert lineage["settings"]["epochs"] == "4"
    assert lineage["changes"] == [{"step": 0, "changes": [setting("epochs", 9)]}]


@pytest.mark.parametrize(
    "state",
    [
        {"settings": {}, "changes": [{"step": -1, "changes": [setting("epochs", 9)]}]},
        {"settings": {}, "changes": [{"step": True, "changes": [setting("epochs", 9)]}]},
        {"settings": {}, "changes": [{"step": 0, "changes": [{"kind": "lock"}]}]},
        {"settings": {"epochs": 3}, "changes": []},
        {
            "settings": {},
            "changes": [{"step": 0, "changes": [{"kind": "lock", "layer": 7, "neuron": 1, "locked": True}]}],
        },
    ],
)
def test_what_is_no_lineage_is_refused(tmp_path: Path, state: dict[str, Any]):
    steering = open_session(tmp_path).steering
    with pytest.raises(ValueError, match=r"step|change|settings|no layer 7"):
        steering.load_state(state)
    assert (steering.changed, steering.locks) == ([], {})


def resumed(directory: Path) -> Session:
    snapshot = load_snapshot(directory / "model")
    return resume_session(resumed_settings({}, snapshot), snapshot)


@every_architecture
def test_training_that_goes_on_clamps_and_locks_as_before(tmp_path: Path, architecture: str):
    session = open_session(tmp_path, architecture)
    session.train([StopAfter(2)])
    clamp = {"kind": "clamp", "layer": 1, "neuron": 1, "value": 0.5}
    apply(session, clamp, {"kind": "lock", "layer": 2, "neuron": 0, "locked": True}, setting("leakage", 0.25))
    session.train([StopAfter(1)])
    again = resumed(tmp_path)
    assert again.steering.state() == session.steering.state()
    assert (again.steering.clamps, list(again.steering.locks)) == ({(1, 1): 0.5}, [(2, 0)])
    for each in (session, again):
        advance(each, 3)
        assert (shown(each, 1)[1] == 0.5).all()
    assert bits(again) == bits(session)


def test_what_a_resume_changes_is_remembered_as_a_change(tmp_path: Path):
    open_session(tmp_path).train()
    snapshot = load_snapshot(tmp_path / "model")
    assert "lineage" not in snapshot.metadata
    given = {"epochs": Given("6", "--epochs"), "learning_rate": Given("0.5", "--learning-rate")}
    session = resume_session(resumed_settings(given, snapshot), snapshot)
    changes = [setting("learning-rate", 0.5), setting("epochs", 6)]
    assert session.steering.state()["changes"] == [{"step": 16, "changes": changes}]
    assert session.steering.begin["epochs"] == "4"


def test_a_snapshot_with_a_lineage_that_does_not_fit_is_refused(tmp_path: Path):
    session = open_session(tmp_path)
    apply(session, {"kind": "clamp", "layer": 1, "neuron": 1, "value": 0.5})
    session.train([StopAfter(1)])
    snapshot = load_snapshot(tmp_path / "model")
    snapshot.metadata["lineage"]["changes"][0]["changes"][0]["layer"] = 9
    with pytest.raises(SnapshotError, match=r"its lineage cannot be used: there is no layer 9"):
        resume_session(resumed_settings({}, snapshot), snapshot)
    for damaged in (3, [], {"settings": {}}, {"settings": {}, "changes": 5}):
        snapshot.metadata["lineage"] = damaged or [1]
        with pytest.raises(SnapshotError, match="its lineage cannot be used"):
            resume_session(resumed_settings({}, snapshot), snapshot)
