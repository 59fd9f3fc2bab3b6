"""The commands `export` and `import`: there and back to the same answers, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autoencoder.exchanged import read_exchanged
from autoencoder.model import processors_of
from autoencoder.model_file import build_model, load_snapshot
from autoencoder.settings import TABLE
from networks import load_with_processors
from networks.exchange import keras
from nn.data.processors import Processors
from tests.support.autoencoder_runs import run, train_tiny
from tests.support.dense_onnx import write_dense
from tests.support.onnx_models import in_runtime
from workbench.settings.stored import settings_of
from workbench.settings.table import Given

GENERATOR = np.random.default_rng(0)
IMAGES = np.random.default_rng(1).random((3, 8, 8, 1), np.float32)
ONE_THREAD = ("--rung", "plain", "--threads", "1")
FEW = ("--limit", "40", *ONE_THREAD)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained model and what `export` makes of it."""
    folder = tmp_path_factory.mktemp("trained")
    train_tiny(folder, leakage="0.3")
    assert export(folder / "model", folder / "there.safetensors") == 0
    return folder


def export(model, path, *more):
    return run("export", path, "--model-directory", model, *more)


def loaded(directory):
    snapshot = load_snapshot(directory)
    return build_model(snapshot, TABLE.make(settings_of(snapshot)))


def bring(path, directory, *more):
    return run("import", path, "--model-directory", directory, *FEW, *more)


def refusal(capsys, *arguments):
    assert run(*arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"autoencoder {arguments[0]}: ")
    return message


def test_there_and_back_is_the_same_model(trained, tmp_path):
    assert bring(trained / "there.safetensors", tmp_path / "back") == 0
    ours, back = loaded(trained / "model"), loaded(tmp_path / "back")
    assert np.array_equal(ours.reconstruct(IMAGES), back.reconstruct(IMAGES))
    assert np.array_equal(ours.encode(IMAGES), back.encode(IMAGES))
    assert back.network.to_configuration() == ours.network.to_configuration()
    assert back.settings.leakage == 0.3 and back.settings.start_from == "drawn"


def test_every_other_command_opens_what_was_imported(trained, tmp_path, capsys):
    where = ("--model-directory", tmp_path / "back", "--output-directory", tmp_path / "output")
    assert bring(trained / "there.safetensors", tmp_path / "back") == 0
    for command in ("info", "reconstruct", "encode", "render"):
        places = where[:2] if command == "info" else (*where, *ONE_THREAD)
        assert run(command, *places) == 0, command
    assert run("train", "--resume", "--epochs", "1", *where) == 0
    assert "trained    1 epochs" in capsys.readouterr().out


def test_processors_beside_the_file_read_images_as_training_does(trained, tmp_path):
    described = json.loads((trained / "there.json").read_text())
    processors = Processors.from_configuration(described["processors"])
    Image.fromarray(np.arange(240, dtype=np.uint8).reshape(12, 20)).save(tmp_path / "a.png")
    values = processors(tmp_path / "a.png")
    assert values.shape == (1, 8, 8, 1)
    model = loaded(trained / "model")
    assert np.array_equal(
        model.reconstruct(values), model.reconstruct(np.rint(255 * values).astype(np.uint8))
    )
    assert processors_of(model.settings).to_configuration() == described["processors"]
    within = load_with_processors(trained / "model" / "model.safetensors")
    assert np.allclose(within.answer(tmp_path / "a.png"), model.network.predict(values), atol=1e-6)


def test_a_file_without_a_description_is_described_by_options(trained, tmp_path, capsys):
    path = tmp_path / "bare.safetensors"
    path.write_bytes((trained / "there.safetensors").read_bytes())
    given = ("--width", 8, "--height", 8, "--layers", 12, "--code-size", 4, "--leakage", 0.3)
    assert bring(path, tmp_path / "back", *given, "--output-activation", "sigmoid") == 0
    assert np.array_equal(
        loaded(tmp_path / "back").reconstruct(IMAGES), loaded(trained / "model").reconstruct(IMAGES)
    )
    message = refusal(capsys, "import", path, "--model-directory", tmp_path / "other", "--layers", "13")
    assert "does not fit the network" in message and "0.0.weight" in message
    assert not (tmp_path / "other").exists()


def test_modules_of_other_names_are_named(trained, tmp_path, capsys):
    from safetensors.numpy import load_file, save_file

    tensors = load_file(trained / "there.safetensors")
    names = {"0.0": "encoder.0", "0.1": "encoder.2", "1.0": "decoder.0", "1.1": "decoder.2"}
    renamed = {f"{names[name[:3]]}{name[3:]}": each for name, each in tensors.items()}
    save_file(renamed, tmp_path / "theirs.safetensors")
    (tmp_path / "theirs.json").write_text((trained / "there.json").read_text())
    words = [word for ours, theirs in names.items() for word in ("--module", f"{theirs}={ours}")]
    assert bring(tmp_path / "theirs.safetensors", tmp_path / "back", *words) == 0
    assert np.array_equal(loaded(tmp_path / "back").encode(IMAGES), loaded(trained / "model").encode(IMAGES))
    path = tmp_path / "theirs.safetensors"
    assert "does not fit the network" in refusal(capsys, "import", path, "--model-directory", tmp_path / "o")
    assert "give each name" in refusal(
        capsys, "import", path, "--model-directory", tmp_path / "o", "--module", "a"
    )


def test_activations_that_settings_do_not_say_come_back(trained, tmp_path):
    from autoencoder.exchanged import write_exchanged
    from nn import Tanh

    model = loaded(trained / "model")
    next(iter(model.network.leaves.values())).map_activations(lambda before: Tanh())
    write_exchanged(model, tmp_path / "tanh.safetensors")
    back = read_exchanged(tmp_path / "tanh.safetensors", {}, {}, generator=GENERATOR)
    assert np.allclose(back.encode(IMAGES), model.encode(IMAGES), atol=1e-5)


def test_what_a_format_does_not_have_is_refused(trained, tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    train_tiny(tmp_path, architecture="local", layers="2,3", code_size="12", epochs="1")
    message = refusal(capsys, "export", path, "--model-directory", tmp_path / "model")
    assert "a local has no counterpart in torch.nn" in message
    assert not path.exists() and not path.with_suffix(".json").exists()
    for name in ("model.bin", "bare"):
        message = refusal(capsys, "export", tmp_path / name, "--model-directory", trained / "model")
        assert "models are written to .safetensors, .onnx, .keras" in message
    assert "models are read from .safetensors, .onnx" in refusal(
        capsys, "import", tmp_path / "model.bin", "--model-directory", tmp_path / "o"
    )


def test_nothing_is_overwritten_unless_it_is_asked_for(trained, tmp_path, capsys):
    path = tmp_path / "again.safetensors"
    path.with_suffix(".json").write_text("mine")
    message = refusal(capsys, "export", path, "--model-directory", trained / "model")
    assert f"{path.with_suffix('.json')}: is there already" in message and not path.exists()
    assert export(trained / "model", path, "--overwrite") == 0
    message = refusal(capsys, "import", path, "--model-directory", trained / "model")
    assert "holds a model already" in message
    assert "which file?" in refusal(capsys, "import")
    assert "which file?" in refusal(capsys, "export")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (b"{", "damaged, or no JSON"),
        (b"[" * 100_000, "damaged, or no JSON"),
        (b" " * (2**20 + 1), "more than 1,048,576 bytes"),
        (b"[]", "a description of a model has activations, processors, settings"),
        ({"more": 1}, "and nothing else"),
        ({"settings": {"width": 8}}, "settings: give texts by name"),
        ({"settings": {"model_directory": "elsewhere"}}, "settings: unknown model_directory"),
        ({"settings": {"width": "many"}}, "there.json: width"),
        ({"activations": [{"name": "os.system"}] * 4}, "unknown activation 'os.system'"),
        ({"activations": [{"name": "tanh"}]}, "1 activations for 4 layers"),
        ({"activations": "tanh"}, "activations: give a list"),
        ({"processors": {"reader": {"name": "read_all"}}}, "unknown reader 'read_all'"),
    ],
)
def test_a_damaged_description_is_named_by_its_field(trained, tmp_path, capsys, change, message):
    path = tmp_path / "there.safetensors"
    path.write_bytes((trained / "there.safetensors").read_bytes())
    described = json.loads((trained / "there.json").read_text())
    contents = change if isinstance(change, bytes) else json.dumps({**described, **change}).encode()
    (tmp_path / "there.json").write_bytes(contents)
    found = refusal(capsys, "import", path, "--model-directory", tmp_path / "back", *FEW)
    assert str(tmp_path / "there.json") in found and message in found
    assert not (tmp_path / "back").exists()


def test_processors_of_another_shape_are_refused(trained, tmp_path, capsys):
    described = json.loads((trained / "there.json").read_text())
    described["processors"]["reader"]["height"] = 9
    (tmp_path / "there.json").write_text(json.dumps(described))
    (tmp_path / "there.safetensors").write_bytes((trained / "there.safetensors").read_bytes())
    found = refusal(capsys, "import", tmp_path / "there.safetensors", "--model-directory", tmp_path / "back")
    assert '"height": 9' in found and '"height": 8' in found


def test_a_damaged_file_is_refused(trained, tmp_path, capsys):
    contents = bytearray((trained / "there.safetensors").read_bytes())
    path = tmp_path / "there.safetensors"
    (tmp_path / "there.json").write_text((trained / "there.json").read_text())
    for damaged in (contents[:-9], b"", b"no model"):
        path.write_bytes(damaged)
        assert str(path) in refusal(capsys, "import", path, "--model-directory", tmp_path / "back", *FEW)
    message = refusal(capsys, "import", tmp_path / "none.safetensors", "--model-directory", tmp_path / "back")
    assert "none.safetensors: cannot be read" in message


def test_more_than_memory_holds_is_refused_before_it_is_made(tmp_path, capsys):
    path = tmp_path / "huge.safetensors"
    settings = {"layers": ",".join(["65536"] * 32), "code_size": "65536"}
    path.with_suffix(".json").write_text(json.dumps({"settings": settings}))
    assert "of memory" in refusal(capsys, "import", path, "--model-directory", tmp_path / "back")


SIZES = (192, 12, 4, 12, 192)
ACTIVATIONS = ("Tanh", None, "Relu", "Sigmoid")


def test_onnx_files_become_models(tmp_path):
    from networks.exchange import onnx

    path = tmp_path / "theirs.onnx"
    write_dense(path, SIZES, ACTIVATIONS, (3, 8, 8))
    assert bring(path, tmp_path / "back") == 0
    model = loaded(tmp_path / "back")
    assert model.shape == (8, 8, 3) and model.settings.layers == (12,) and model.settings.code_size == 4
    images = np.random.default_rng(2).random((3, 8, 8, 3), np.float32)
    assert np.allclose(model.network.predict(images), onnx.load(path).predict(images), atol=1e-6)


def test_what_was_imported_does_not_begin_anew_as_principal_components(tmp_path):
    path = tmp_path / "theirs.onnx"
    write_dense(path, SIZES, (None, None, None, None), (3, 8, 8))
    assert bring(path, tmp_path / "back") == 0
    settings = loaded(tmp_path / "back").settings
    assert settings.start_from == "drawn" and settings.output_activation == "identity"


def test_what_is_exported_to_keras_computes_the_same(trained, tmp_path):
    pytest.importorskip("h5py")
    path = tmp_path / "there.keras"
    assert export(trained / "model", path) == 0
    answers = loaded(trained / "model").network.predict(IMAGES)
    assert np.allclose(keras.load(path).predict(IMAGES), answers, atol=1e-5)


def test_there_and_back_by_onnx_is_the_same_model(trained, tmp_path):
    pytest.importorskip("onnx")
    path = tmp_path / "there.onnx"
    assert export(trained / "model", path) == 0
    assert bring(path, tmp_path / "back") == 0
    ours, back = loaded(trained / "model"), loaded(tmp_path / "back")
    assert np.array_equal(ours.reconstruct(IMAGES), back.reconstruct(IMAGES))
    assert np.array_equal(ours.encode(IMAGES), back.encode(IMAGES))


@pytest.mark.parametrize(
    "settings", [{}, {"architecture": "local", "layers": "2,3", "code_size": "12", "epochs": "1"}]
)
def test_the_runtime_reconstructs_what_the_processors_read(tmp_path, settings):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    train_tiny(tmp_path, **settings, channels=3)
    path = tmp_path / "there.onnx"
    assert export(tmp_path / "model", path) == 0
    pixels = np.random.default_rng(3).integers(0, 256, (9, 8, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    described = json.loads(path.with_suffix(".json").read_text())
    values = Processors.from_configuration(described["processors"])(tmp_path / "a.png")
    (outputs,) = in_runtime(path, {"input": values.transpose(0, 3, 1, 2)})
    answers = load_with_processors(tmp_path / "model" / "model.safetensors").answer(tmp_path / "a.png")
    assert np.allclose(outputs.transpose(0, 2, 3, 1), answers, atol=1e-5)


def test_rows_of_numbers_are_grey_images_of_the_given_sides(tmp_path, capsys):
    path = tmp_path / "rows.onnx"
    write_dense(path, (64, 12, 4, 12, 64), ACTIVATIONS)
    assert "reads 64 numbers: give the --width and --height" in refusal(
        capsys, "import", path, "--model-directory", tmp_path / "back"
    )
    given = {name: Given(text, f"--{name}") for name, text in {"width": "4", "height": "16"}.items()}
    model = read_exchanged(path, given, {}, generator=GENERATOR)
    assert model.shape == (16, 4, 1)


@pytest.mark.parametrize(
    ("sizes", "activations", "image", "back", "message"),
    [
        (SIZES, ACTIVATIONS, (3, 8, 8), False, "the order of colours is not known"),
        ((192, 12, 4, 11, 192), ACTIVATIONS, (3, 8, 8), True, "decoder mirrors its encoder"),
        ((192, 12, 192), ("Tanh", "Sigmoid"), (3, 8, 8), True, "each with two layers at least"),
        (SIZES, ("Tanh", None, "Relu", "Tanh"), (3, 8, 8), True, "the last layer has Tanh()"),
        (SIZES, ("Tanh", "Softmax", "Relu", "Sigmoid"), (3, 8, 8), True, "is a softmax"),
    ],
)
def test_networks_that_are_no_autoencoders_are_refused(
    tmp_path, capsys, sizes, activations, image, back, message
):
    path = tmp_path / "theirs.onnx"
    write_dense(path, sizes, activations, image, back=back)
    found = refusal(capsys, "import", path, "--model-directory", tmp_path / "back")
    assert message in found and not (tmp_path / "back").exists()


def test_settings_that_are_in_the_file_must_agree(tmp_path, capsys):
    path = tmp_path / "theirs.onnx"
    write_dense(path, SIZES, ACTIVATIONS, (3, 8, 8))
    options = ("--model-directory", tmp_path / "back", "--code-size", "5")
    assert "--code-size=5: the file has code-size=4" in refusal(capsys, "import", path, *options)
    assert bring(path, tmp_path / "open", "--layers", "", "--code-size", "4") == 0
    modules = ("--model-directory", tmp_path / "back", "--module", "a=b")
    assert "names its layers itself" in refusal(capsys, "import", path, *modules)
