"""Few images: defaults that depend on them, the start at principal components, and results never worse."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from autoencoder.model_file import load_snapshot, model_path
from autoencoder.principal_start import start_principal
from autoencoder.session import Session, resume_session, resumed_settings, start_session
from autoencoder.settings import FEW_IMAGES, Settings
from autoencoder.small_folders import decide, tenth_apart
from networks.dense import Dense
from networks.sequential import Sequential
from nn.activations import Identity, LeakyReLU
from nn.data import ImageSet
from nn.principal_components import principal_components
from nn.shape import Shape
from nn.snapshot import save
from nn.training.callbacks import Callback
from tests.support.autoencoder_runs import BY_HAND, run, tiny_options, tiny_settings
from workbench.errors import SettingsError
from workbench.settings.table import Given

pytestmark = pytest.mark.usefixtures("one_thread")

OPEN = dict.fromkeys((name.replace("-", "_") for name in BY_HAND), "")


@pytest.mark.parametrize(
    ("changes", "count", "expected"),
    [
        ({}, 300, ("principal", "identity", 2, "best")),
        ({}, FEW_IMAGES, ("principal", "identity", 2, "best")),
        ({}, FEW_IMAGES + 1, ("drawn", "sigmoid", 0, "last")),
        ({"architecture": "local"}, 300, ("drawn", "sigmoid", 2, "best")),
        ({"architecture": "graph"}, 300, ("drawn", "sigmoid", 0, "best")),
        ({"loss": "binary_cross_entropy"}, 300, ("drawn", "sigmoid", 2, "best")),
        ({"output_activation": "sigmoid"}, 300, ("drawn", "sigmoid", 2, "best")),
        ({"start_from": "principal"}, FEW_IMAGES + 1, ("principal", "identity", 0, "last")),
        ({"start_from": "drawn", "shifts": 0, "keep": "last"}, 300, ("drawn", "sigmoid", 0, "last")),
        ({"output_activation": "identity", "shifts": 5}, 99999, ("drawn", "identity", 5, "last")),
        ({"width": 3}, 300, ("principal", "identity", 0, "best")),
    ],
)
def test_the_number_of_images_decides_what_is_left_open(changes, count, expected):
    decided = decide(Settings(**changes), count).settings
    found = decided.start_from, decided.output_activation, decided.shifts, decided.keep
    assert found == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "local"}, "needs architecture=dense"),
        ({"loss": "binary_cross_entropy"}, "needs loss=squared_error or absolute_error"),
        ({"output_activation": "sigmoid"}, "needs output-activation=identity"),
    ],
)
def test_a_start_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Settings(start_from="principal", **changes)


def dense_halves(shape: Shape, widths: tuple[int, ...], code: int, leakage: float) -> list[list[Dense]]:
    generator = np.random.default_rng(2)
    shapes = [shape, *(Shape(1, width, 1) for width in widths), Shape(1, code, 1)]

    def chain(shapes: list[Shape]) -> list[Dense]:
        return [
            Dense(
                below,
                above,
                activation=Identity() if above is shapes[-1] else LeakyReLU(leakage),
                generator=generator,
                dtype=np.float64,
            )
            for below, above in pairwise(shapes)
        ]

    return [chain(shapes), chain(shapes[::-1])]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("leakage", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(
    ("widths", "code", "carried"),
    [
        ((20, 12), 5, 5),
        ((10,), 5, 5),
        ((), 5, 5),
        ((9, 6), 5, 5),
        ((5,), 5, 5),
        ((20, 3), 5, 3),
        ((60,), 50, 24),
    ],
)
def test_the_network_begins_as_the_components(channels, leakage, widths, code, carried):
    shape = Shape(5, 6, channels)
    images = np.random.default_rng(3).random((25, shape.size))
    components = principal_components(images, code, generator=np.random.default_rng(0))
    encoder, decoder = dense_halves(shape, widths, code, leakage)
    assert start_principal(encoder, decoder, components) == carried
    network = Sequential([Sequential(encoder), Sequential(decoder)])
    others = np.concatenate([images, np.random.default_rng(4).random((9, shape.size))])
    found = network.predict(others.reshape(-1, *shape)).reshape(len(others), -1)
    fewer = principal_components(images, carried, generator=np.random.default_rng(0))
    np.testing.assert_allclose(found, fewer.kept(others), atol=1e-10)


class Seen(Callback):
    """Records the parameters at the start of training."""

    def on_start(self, trainer) -> None:
        self.parameters = trainer.network.parameters.values.copy()


def few_settings(directory: Path, **changes: object) -> Settings:
    return tiny_settings(model_directory=directory, limit=120, **{**OPEN, **changes})


def held_out_error(session: Session) -> float:
    evaluation = session.trainer.evaluate()
    assert evaluation is not None and evaluation.loss is not None
    return evaluation.loss


@pytest.mark.parametrize("rate", [0.001, 0.05, 1.0])
def test_the_end_is_never_worse_than_the_components(tmp_path: Path, rate: float):
    session = start_session(few_settings(tmp_path, learning_rate=rate, epochs=4))
    session.train()
    comparison = session.comparison
    assert comparison.network_error <= comparison.components_error
    assert comparison.network_error == pytest.approx(held_out_error(session), rel=1e-4)
    if rate == 1.0:
        assert session.trainer.restored_epoch == 0
        assert session.trainer.rows[-1].held_out_loss > comparison.network_error


def test_components_are_those_of_the_images_that_are_learned_from(tmp_path: Path):
    session = start_session(few_settings(tmp_path, epochs=1))
    session.train()
    learned, held_out = (each.batch(np.arange(len(each)))[0] for each in (session.training, session.held_out))
    rows = learned.reshape(len(learned), -1).astype(float)
    _, _, directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    others = held_out.reshape(len(held_out), -1) - rows.mean(axis=0)
    left = others - others @ directions[:4].T @ directions[:4]
    found = session.comparison.model_dump()
    assert found.pop("components_error") == pytest.approx(np.mean(left**2), rel=1e-5)
    assert found.pop("network_error") == pytest.approx(held_out_error(session), rel=1e-5)
    assert found == {"components": 4, "fitted_on": 108, "images": 12, "held_out": True}


@pytest.mark.parametrize(
    "changes", [{}, {"held_out": 0}, {"held_out": 0, "keep": "last"}, {"architecture": "graph", "rung": "o1"}]
)
@pytest.mark.parametrize("steps", [1, 8])
def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, changes: dict, steps: int):
    class Stop(Callback):
        def on_step(self, trainer) -> None:
            if trainer.step == steps:
                trainer.stop()

    whole = start_session(few_settings(tmp_path / "whole", epochs=3, **changes))
    whole.train()
    parted = start_session(few_settings(tmp_path / "parted", epochs=3, **changes))
    assert parted.train([Stop()]).stopped
    snapshot = load_snapshot(tmp_path / "parted")
    resumed = resume_session(resumed_settings({}, snapshot), snapshot)
    resumed.train()
    for session in (parted, resumed):
        assert session.settings.model_copy(update={"model_directory": Path()}) == whole.settings.model_copy(
            update={"model_directory": Path()}
        )
    ends = [each.model.network.parameters.values for each in (whole, resumed)]
    np.testing.assert_array_equal(*ends)
    assert resumed.comparison == whole.comparison
    assert resumed.trainer.log.curve == whole.trainer.log.curve


def test_what_is_open_when_going_on_is_as_it_was_decided(tmp_path: Path):
    session = start_session(few_settings(tmp_path, epochs=1))
    session.train()
    snapshot = load_snapshot(tmp_path)
    given = {name: Given("", f"--{name}") for name in OPEN}
    assert resumed_settings(given, snapshot) == session.settings
    with pytest.raises(SettingsError, match="made with shifts=2"):
        resumed_settings({"shifts": Given("1", "--shifts")}, snapshot)


def test_without_held_out_images_a_start_that_was_never_bettered_takes_them_all(tmp_path: Path):
    session = start_session(few_settings(tmp_path, held_out=0, learning_rate=1.0, epochs=2))
    assert [len(each) for each in session.parts] == [108, 12]
    seen = Seen()
    session.train([seen])
    assert session.trainer.restored_epoch == 0
    assert session.comparison.held_out and session.comparison.fitted_on == 108
    assert (session.model.network.parameters.values != seen.parameters).any()
    whole = start_session(few_settings(tmp_path / "whole", held_out=0, keep="last"))
    np.testing.assert_array_equal(
        session.model.network.parameters.values, whole.model.network.parameters.values
    )


@pytest.mark.parametrize(("count", "expected"), [(1, 0), (2, 1), (9, 1), (10, 1), (11, 1), (30, 3)])
def test_every_tenth_is_set_apart(count: int, expected: int):
    images = ImageSet(np.zeros((count, 2, 2, 1), np.uint8), [""] * count)
    assert [len(each) for each in tenth_apart(images)] == [count - expected, expected]


@pytest.mark.parametrize("limit", [1, 2, 3, 12])
@pytest.mark.parametrize("held_out", [0, 0.1])
def test_very_few_images_are_no_error(tmp_path: Path, limit: int, held_out: float):
    session = start_session(
        few_settings(tmp_path, code_size=20, layers="50", epochs=1, held_out=held_out).model_copy(
            update={"limit": limit}
        )
    )
    session.train()
    assert np.isfinite(session.model.network.parameters.values).all()


def test_images_that_are_all_the_same_are_no_error(tmp_path: Path):
    np.save(tmp_path / "same.npy", np.full((20, 8, 8), 90, np.uint8))
    session = start_session(few_settings(tmp_path, input_directory=tmp_path / "same.npy", epochs=1))
    session.train()
    assert session.comparison is None


def test_train_and_info_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    places = ("--model-directory", tmp_path / "model", "--output-directory", tmp_path / "output")
    opened = {name: value for name, value in OPEN.items() if name != "keep"}
    assert run("train", *tiny_options(limit=120, **opened, keep="best"), *places) == 0
    printed = capsys.readouterr().out
    told = next(line for line in printed.splitlines() if line.startswith("few images"))
    assert told == (
        "few images the network starts as their principal components, sees them shifted by up to 2 pixels"
    )
    assert "\nkept       " in printed
    line = next(line for line in printed.splitlines() if line.startswith("compared"))
    assert line.startswith("compared   4 principal components of 108 training images: 0.0")
    assert run("info", *places[:2]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == line.removeprefix("compared   ")


def test_a_model_from_before_there_was_anything_to_decide_goes_on_as_it_was(tmp_path: Path, capsys):
    session = start_session(tiny_settings(model_directory=tmp_path, limit=120, epochs=1))
    session.train()
    path, snapshot = model_path(tmp_path), load_snapshot(tmp_path)
    texts = {name: text for name, text in snapshot.metadata["settings"].items() if name not in OPEN}
    metadata = {**snapshot.metadata, "settings": texts | {"output_activation": "sigmoid"}}
    del metadata["comparison"]
    save(path, snapshot.arrays, metadata)
    before = load_snapshot(tmp_path)
    resumed = resume_session(resumed_settings({"epochs": Given("2", "--epochs")}, before), before)
    again = start_session(tiny_settings(model_directory=tmp_path / "again", limit=120, epochs=2))
    assert resumed.settings.keep is None
    assert run("info", "--model-directory", tmp_path) == 0
    assert "principal components" not in capsys.readouterr().out
    resumed.train()
    again.train()
    assert resumed.trainer.step == again.trainer.step


def test_a_comparison_that_is_none_is_refused(tmp_path: Path, capsys):
    start_session(tiny_settings(model_directory=tmp_path, epochs=1)).train()
    snapshot = load_snapshot(tmp_path)
    save(model_path(tmp_path), snapshot.arrays, {**snapshot.metadata, "comparison": {"components": -1}})
    assert run("info", "--model-directory", tmp_path) == 2
    assert "its comparison cannot be used" in capsys.readouterr().err
