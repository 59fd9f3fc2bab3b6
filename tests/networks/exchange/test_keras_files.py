"""Files of Keras without Keras: what the command line says, kinds of numbers, freezing."""

import json
import sys
from functools import partial

import numpy as np
import pytest

from networks import BatchNormalisation, Call, Dense, Input, Model, Sequential
from networks.exchange import ExchangeError, transfer
from networks.exchange import keras as exchange
from networks.exchange.__main__ import main
from networks.exchange.keras.writing.save import members
from nn import Shape

pytestmark = pytest.mark.usefixtures("one_thread")

h5py = pytest.importorskip("h5py")
pytest.importorskip("pyfive")


def network(units=3, seed=0):
    recipes = [Dense.of(units), BatchNormalisation.of(), Dense.of(2)]
    return Sequential(Shape(2, 2, 1), recipes, generator=np.random.default_rng(seed))


def legacy(path, given):
    """Write a whole model in HDF5, as Keras has done since version 2."""
    contents = members(given, None)
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = contents["config.json"].decode()
        file.attrs["keras_version"] = "2.15.0"
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = ["0", "1"]
        for name, kernel in {"0": "0.weights", "1": "1.weights"}.items():
            layer = weights.create_group(name)
            layer.attrs["weight_names"] = [f"{name}/kernel:0", f"{name}/bias:0"]
            layer[f"{name}/kernel:0"] = given.parameters[kernel].T
            layer[f"{name}/bias:0"] = given.parameters[f"{name}.biases"]
    return path


def test_the_command_line_says_what_is_in_a_file(tmp_path, capsys):
    exchange.save(network(), tmp_path / "model.keras")
    assert main([str(tmp_path / "model.keras")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["input", "InputLayer"]
    assert lines[-1] == "can be opened"
    contents = members(network(), None)
    (tmp_path / "weights.h5").write_bytes(contents["model.weights.h5"])
    assert main([str(tmp_path / "weights.h5")]) == 0
    assert "weights alone" in capsys.readouterr().out.splitlines()[-1]
    description = json.loads(contents["config.json"])
    description["config"]["layers"][2]["class_name"] = "Lambda"
    (tmp_path / "model.json").write_text(json.dumps(description))
    assert main([str(tmp_path / "model.json")]) == 0
    found = capsys.readouterr().out
    assert "Lambda" in found
    assert "is code, which is not run" in found
    assert "cannot be opened" in found.splitlines()[-1]
    (tmp_path / "model.keras").write_bytes(b"x")
    assert main([str(tmp_path / "model.keras")]) == 2


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 1e-2), ("bfloat16", 5e-2), ("float64", 1e-6)])
def test_weights_may_be_of_other_kinds(dtype, tolerance, tmp_path):
    given = network()
    exchange.save(given, tmp_path / "model.keras", dtype=dtype)
    images = np.random.default_rng(1).normal(size=(3, 2, 2, 1))
    found = exchange.load(tmp_path / "model.keras", dtype=np.float64)
    assert found.dtype == np.float64
    assert np.allclose(found.predict(images), given.predict(images), atol=tolerance)
    given.parameters.values[:] = 1e30
    if dtype == "float16":
        with pytest.raises(ExchangeError, match="too large for float16"):
            exchange.save(given, tmp_path / "model.keras", dtype=dtype)


def test_what_is_frozen_stays_so(tmp_path):
    given = network()
    given.parameters.freeze("0")
    given.named["1"].fixed_statistics = True
    exchange.save(given, tmp_path / "model.keras")
    found = exchange.load(tmp_path / "model.keras")
    assert found.parameters.frozen[:2] == ["0.weights", "0.biases"]
    assert found.named["1"].fixed_statistics


def test_the_same_network_gives_the_same_file(tmp_path):
    for name in ("one", "two"):
        exchange.save(network(), tmp_path / f"{name}.keras")
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "two.keras").read_bytes()


def test_parts_are_taken_from_a_file_of_keras(tmp_path):
    exchange.save(network(seed=1), tmp_path / "model.keras")
    target = network(seed=2)
    transfer.take(target, tmp_path / "model.keras", {"0": "0"})
    assert np.array_equal(target.parameters["0.weights"], network(seed=1).parameters["0.weights"])


def test_altered_legacy_files_are_refused_or_read(tmp_path):
    recipes = [Dense.of(3), Dense.of(2)]
    given = Sequential(Shape(1, 1, 4), recipes, generator=np.random.default_rng(0))
    path = legacy(tmp_path / "model.h5", given)
    values = np.ones((1, 1, 1, 4))
    assert np.allclose(exchange.load(path).predict(values), given.predict(values), atol=1e-6)
    data, generator = path.read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        altered = bytearray(data)
        altered[int(generator.integers(len(data)))] ^= 1 << int(generator.integers(8))
        path.write_bytes(altered[: int(generator.integers(len(data))) if generator.random() < 0.2 else None])
        for read in (exchange.load, partial(exchange.load_weights, given, partial=True)):
            try:
                read(path)
            except ExchangeError as error:
                assert str(error).startswith(f"{path}: ")


@pytest.mark.parametrize("library", ["h5py", "pyfive"])
def test_what_is_not_installed_is_named_with_its_extra(library, tmp_path, monkeypatch):
    exchange.save(network(), tmp_path / "model.keras")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ExchangeError, match=rf"package {library}: .*ganglion\[exchange\]"):
        if library == "h5py":
            exchange.save(network(), tmp_path / "other.keras")
        else:
            exchange.load(tmp_path / "model.keras")
    assert not (tmp_path / "other.keras").exists()


def test_a_direction_whose_class_is_no_text_is_refused(tmp_path):
    from tests.support.hostile_keras import recurrent, zipped

    contents = members(recurrent(), None)
    description = json.loads(contents["config.json"])
    (both,) = [each for each in description["config"]["layers"] if each["class_name"] == "Bidirectional"]
    both["config"]["layer"]["class_name"] = []
    path = tmp_path / "model.keras"
    path.write_bytes(zipped({**contents, "config.json": json.dumps(description)}))
    with pytest.raises(ExchangeError, match=r"its forward layer is \[\]; LSTM and GRU are mapped"):
        exchange.load(path)


def test_it_wants_its_ending(tmp_path):
    with pytest.raises(ExchangeError, match=r"end in \.keras"):
        exchange.save(network(), tmp_path / "model.h5")


def test_clamped_neurons_are_refused_by_name(tmp_path):
    inner = Sequential(Shape(1, 1, 3), [Dense.of(4)], generator=np.random.default_rng(0))
    network = Sequential({"inner": inner})
    exchange.save(network, tmp_path / "model.keras")
    inner.clamp("0", {1: 0.5})
    with pytest.raises(ExchangeError, match=r"inner\.0: its neurons are clamped"):
        exchange.save(network, tmp_path / "clamped.keras")
    begin = Input(Shape(1, 1, 3), generator=np.random.default_rng(0))
    model = Model(begin, Call(Dense.of(2), begin, name="answer"))
    model.clamp("answer", {0: 1.0})
    with pytest.raises(ExchangeError, match=r"answer: its neurons are clamped"):
        exchange.save(model, tmp_path / "clamped.keras")
