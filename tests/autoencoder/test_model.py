"""Models: encoding, decoding, and files, which are not trusted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoencoder.layer_views import layer_views
from autoencoder.model import BATCH_SIZE, AutoEncoder
from autoencoder.model_file import build_model, holds_model, load_snapshot, model_path
from autoencoder.session import start_session
from autoencoder.settings import TABLE, Settings
from nn.snapshot import Snapshot, SnapshotError, previous, save
from tests.support.autoencoder_runs import tiny_settings, train_tiny
from workbench.errors import SettingsError
from workbench.settings.stored import settings_of
from workbench.settings.table import Given

ARCHITECTURES = [
    {"architecture": "dense"},
    {"architecture": "local", "layers": "3,2", "code_size": 8, "channels": 3, "middle": 1},
    {"architecture": "graph", "connections": 5},
]


def make(**changes: Any) -> AutoEncoder:
    return AutoEncoder.create(tiny_settings(**changes), generator=np.random.default_rng(3))


def images(model: AutoEncoder, count: int) -> np.ndarray:
    return np.random.default_rng(4).random((count, *model.shape), np.float32)


@pytest.mark.parametrize("changes", ARCHITECTURES)
def test_reconstructing_is_decoding_the_code(changes: dict[str, Any]):
    model = make(**changes)
    originals = images(model, 5)
    codes = model.encode(originals)
    assert codes.shape == (5, model.settings.code_size)
    assert codes.dtype == np.float32
    np.testing.assert_allclose(model.decode(codes), model.reconstruct(originals), atol=1e-6)


def test_images_in_bytes_and_in_shares_have_the_same_codes():
    model = make()
    pixels = np.random.default_rng(4).integers(0, 256, (3, *model.shape), np.uint8)
    np.testing.assert_array_equal(
        model.encode(pixels), model.encode((pixels / np.float32(255)).astype(np.float32))
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e39])
def test_images_and_codes_that_are_not_finite_are_refused_by_their_place(bad: float):
    model = make()
    pixels = np.zeros((BATCH_SIZE + 3, *model.shape))
    pixels[BATCH_SIZE + 1, 2, 5, 0] = bad
    for use in (model.encode, model.reconstruct):
        with pytest.raises(ValueError, match=f"entry {BATCH_SIZE + 1} is .* at row 2, column 5, channel 0"):
            use(pixels)
    codes = np.zeros((3, model.settings.code_size))
    codes[1, 2] = bad
    with pytest.raises(ValueError, match=r"codes: entry 1 is .* at feature 2"):
        model.decode(codes)


def test_codes_of_another_size_are_refused():
    model = make()
    with pytest.raises(ValueError, match=r"codes have shape \(2, 1\), expected \(N, 4\)"):
        model.decode(np.zeros((2, 1)))


def test_codes_in_whole_numbers_are_what_they_are():
    model = make()
    codes = np.arange(12).reshape(3, 4)
    for dtype in (np.uint8, np.int64, np.float64):
        np.testing.assert_array_equal(
            model.decode(codes.astype(dtype)), model.decode(codes.astype(np.float32))
        )


def test_results_do_not_depend_on_the_division_into_batches():
    model = make()
    originals = images(model, BATCH_SIZE + 3)
    together = model.reconstruct(originals)
    alone = np.concatenate([model.reconstruct(part) for part in (originals[:100], originals[100:])])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_images_stay_within_their_range_whatever_the_output():
    model = make(output_activation="identity")
    codes = np.full((2, 4), 1000, np.float32)
    decoded = model.decode(codes)
    assert decoded.min() == 0
    assert decoded.max() == 1


@pytest.mark.parametrize("changes", ARCHITECTURES)
def test_views_hold_every_parameter_once(changes: dict[str, Any]):
    model = make(**changes)
    views = list(layer_views(model))
    assert sum(view.counts[2] for view in views) == model.network.parameters.size
    assert sum(view.counts[1] for view in views) == model.network.connections
    assert views[0].input_shape == views[-1].output_shape == model.shape
    flat = np.concatenate([part for view in views for part in (view.weights, view.biases)])
    assert sorted(flat) == sorted(model.network.parameters.values)


@pytest.fixture
def saved(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[AutoEncoder, Path]:
    model = make(**getattr(request, "param", {}))
    save(model_path(tmp_path), model.arrays(), model.metadata())
    return model, tmp_path


@pytest.mark.parametrize("saved", ARCHITECTURES, indirect=True)
@pytest.mark.parametrize("rung", ["plain", "o1", "o2"])
def test_a_model_is_the_same_after_a_file_on_any_rung(saved: tuple[AutoEncoder, Path], rung: str):
    model, directory = saved
    snapshot = load_snapshot(directory)
    settings = TABLE.make(settings_of(snapshot))
    assert settings == model.settings
    loaded = build_model(snapshot, settings.model_copy(update={"rung": rung}))
    np.testing.assert_array_equal(loaded.network.parameters.values, model.network.parameters.values)
    originals = images(model, 3)
    np.testing.assert_allclose(loaded.reconstruct(originals), model.reconstruct(originals), atol=1e-5)


def test_a_model_trained_in_bfloat16_is_loaded_as_float32(tmp_path: Path):
    settings = tiny_settings(rung="o2", storage="bfloat16", model_directory=tmp_path)
    session = start_session(settings)
    session.train()
    model = session.model
    assert model.network.storage == "bfloat16"
    snapshot = load_snapshot(tmp_path)
    loaded = build_model(snapshot, settings.model_copy(update={"storage": "float32"}))
    assert loaded.network.storage == "float32"
    np.testing.assert_array_equal(loaded.network.parameters.values, model.network.parameters.values)
    originals = images(model, 3)
    np.testing.assert_allclose(loaded.reconstruct(originals), model.reconstruct(originals), atol=0.05)


def test_bfloat16_needs_the_fastest_rung():
    with pytest.raises(SettingsError, match="storage=bfloat16 needs rung=o2"):
        TABLE.make({"storage": Given("bfloat16", "--storage"), "rung": Given("o1", "--rung")})


def test_a_damaged_model_gives_way_to_the_one_before(saved: tuple[AutoEncoder, Path]):
    model, directory = saved
    save(model_path(directory), model.arrays(), model.metadata())
    model_path(directory).write_bytes(b"damaged")
    assert load_snapshot(directory).path == previous(model_path(directory))
    model_path(directory).unlink()
    assert holds_model(directory)


def test_a_missing_model_is_named(tmp_path: Path):
    assert not holds_model(tmp_path)
    with pytest.raises(SnapshotError, match=r"no model.safetensors in it; `autoencoder train` makes one"):
        load_snapshot(tmp_path)


def changed(snapshot: Snapshot, *keys: Any, to: Any) -> Snapshot:
    """Change one thing in the metadata of a snapshot."""
    place = snapshot.metadata
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    return snapshot


LAYER = ("network", "networks", "0", "networks", "0")


@pytest.mark.parametrize(
    ("keys", "value", "expected"),
    [
        (("network",), {"family": "dense"}, "a dense where a sequential one is expected"),
        (("network", "networks"), {}, "expected an encoder and a decoder"),
        (("network", "networks", "0", "networks"), {}, "give at least one network"),
        ((*LAYER, "family"), "desne", "did you mean dense"),
        ((*LAYER, "family"), "softmax", "unknown family of layers in an autoencoder 'softmax'"),
        ((*LAYER, "input_shape"), "8x8", "8x8 is not a shape of images"),
        (("network",), None, "described by its fields, not by None"),
        ((*LAYER, "input_shape"), "65536x65536x60000", "parameters are described, but"),
        ((*LAYER, "output_shape"), "-1x3x1", "write its sides as 28x28x1"),
        ((*LAYER, "activation"), {"name": "evil"}, "unknown activation"),
        ((*LAYER, "extra"), 1, "unknown field extra"),
        (LAYER, 7, "cannot be built"),
        (LAYER, {"family": "dense"}, "field input_shape is missing"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    saved: tuple[AutoEncoder, Path], keys: tuple, value: Any, expected: str
):
    snapshot = changed(load_snapshot(saved[1]), *keys, to=value)
    with pytest.raises(SnapshotError, match=expected):
        build_model(snapshot, saved[0].settings)


def test_settings_that_do_not_fit_the_network_are_refused(saved: tuple[AutoEncoder, Path]):
    other = saved[0].settings.model_copy(update={"code_size": 5})
    with pytest.raises(SnapshotError, match="its network takes 8x8x1 to 4 numbers, its settings 8x8x1 to 5"):
        build_model(load_snapshot(saved[1]), other)


def test_parameters_that_are_missing_are_refused(saved: tuple[AutoEncoder, Path]):
    snapshot = load_snapshot(saved[1])
    del snapshot.arrays["parameters.0.0.weights"]
    with pytest.raises(SnapshotError, match=r"parameters are described, but [0-9,]* are there"):
        build_model(snapshot, saved[0].settings)


@pytest.mark.parametrize("settings", [None, [], {"width": 8}])
def test_settings_must_be_texts(saved: tuple[AutoEncoder, Path], settings: Any):
    snapshot = changed(load_snapshot(saved[1]), "settings", to=settings)
    with pytest.raises(SnapshotError, match="holds no settings"):
        settings_of(snapshot)


def test_a_trained_model_holds_settings_network_and_training(tmp_path: Path):
    train_tiny(tmp_path)
    snapshot = load_snapshot(tmp_path / "model")
    assert set(snapshot.metadata) == {"settings", "network", "processors", "data", "training", "comparison"}
    assert set(snapshot.metadata["settings"]) == set(Settings.model_fields)
