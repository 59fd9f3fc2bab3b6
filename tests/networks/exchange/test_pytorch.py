"""Networks as PyTorch's state_dicts, both ways: the same names, layouts and outputs, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from networks import (
    GRU,
    LSTM,
    BatchNormalisation,
    Call,
    Convolution,
    ConvolutionalLSTM,
    Dense,
    Embedding,
    Flatten,
    Input,
    LayerNormalisation,
    LSTMCell,
    MaxPooling,
    Model,
    Sequential,
    SpectralNormalisation,
    TransposedConvolution,
)
from networks.exchange import pytorch
from networks.exchange.__main__ import main
from networks.exchange.errors import ExchangeError
from nn import Identity, LeakyReLU, SequenceShape, Shape, Sigmoid, Tanh, VideoShape
from tests.support.torch_models import as_torch, from_torch, torch_model

pytestmark = pytest.mark.usefixtures("one_thread")

sides = st.integers(1, 3)
activations = st.sampled_from([Identity(), Tanh(), Sigmoid(), LeakyReLU(0.2)])


@st.composite
def image_models(draw):
    side, channels, pooled = draw(st.integers(6, 9)), draw(sides), draw(st.booleans())
    kernel, stride = (draw(sides), draw(sides)), draw(st.integers(1, 2))
    options = {"padding": draw(st.integers(0, 1)), "dilation": draw(st.integers(1, 2))}
    layers = [
        Convolution.of(channels=draw(sides), kernel=kernel, **options, activation=draw(activations)),
        BatchNormalisation.of(epsilon=0.01),
        *([MaxPooling.of(window=2)] if pooled else []),
        TransposedConvolution.of(
            channels=draw(sides), kernel=draw(sides), stride=stride, activation=draw(activations)
        ),
        Dense.of(output_shape=Shape(2, draw(sides), draw(sides)), activation=draw(activations)),
        Dense.of(output_shape=draw(sides), activation=draw(activations)),
    ]
    return Shape(side, side + draw(st.integers(0, 2)), channels), layers


@st.composite
def sequence_models(draw):
    options = {"layers": draw(st.integers(1, 2)), "bidirectional": draw(st.booleans())}
    layers = [
        Embedding.of(labels=7, features=draw(sides)),
        LSTM.of(units=draw(sides), **options),
        LayerNormalisation.of(),
        GRU.of(units=draw(sides), **options),
    ]
    return SequenceShape(draw(st.integers(1, 5)), 1), layers


def build(model, dtype=np.float64, seed=0):
    """A network with parameters and statistics that are all drawn."""
    shape, layers = model
    generator = np.random.default_rng(seed)
    network = Sequential(shape, layers, generator=generator, dtype=dtype)
    network.parameters.values[...] = generator.normal(size=network.parameters.size)
    for array in network.state().values():
        array[...] = generator.uniform(0.5, 2, array.shape)
    return network


def values_for(network, seed=1):
    generator, shape = np.random.default_rng(seed), (*network.input_shape, 4)
    if isinstance(network.named["0"], Embedding):
        return generator.integers(0, 7, shape).astype(network.dtype)
    return generator.normal(size=shape).astype(network.dtype)


def parameters_and_state(network):
    return np.concatenate([network.parameters.values, *map(np.ravel, network.state().values())])


@given(model=st.one_of(image_models(), sequence_models()), seed=st.integers(0, 2**32 - 1))
def test_pytorch_gives_the_same_outputs_and_its_weights_come_back(tmp_path_factory, model, seed):
    torch = pytest.importorskip("torch")
    tensors = pytest.importorskip("safetensors.torch")
    folder = tmp_path_factory.mktemp("exchange")
    network = build(model, seed=seed)
    pytorch.save(network, folder / "ours.safetensors")
    theirs = torch_model(torch, network).eval()
    theirs.load_state_dict(tensors.load_file(folder / "ours.safetensors"))
    values = values_for(network)
    expected = from_torch(theirs(as_torch(torch, values, network)), network)
    np.testing.assert_allclose(network.forward(values), expected, rtol=1e-9, atol=1e-10)

    torch.manual_seed(seed % 2**31)
    trained = torch_model(torch, network).eval()  # as PyTorch draws it: both biases of LSTMs are there
    tensors.save_file(trained.state_dict(), folder / "theirs.safetensors")
    assert pytorch.load(network, folder / "theirs.safetensors").is_whole
    expected = from_torch(trained(as_torch(torch, values, network)), network)
    np.testing.assert_allclose(network.forward(values), expected, rtol=1e-9, atol=1e-10)


@given(model=st.one_of(image_models(), sequence_models()), seed=st.integers(0, 2**32 - 1))
def test_what_was_written_is_read_back_to_the_same_bits(tmp_path_factory, model, seed):
    path = tmp_path_factory.mktemp("exchange") / "model.safetensors"
    network, other = build(model, np.float32, seed), build(model, np.float32, seed + 1)
    pytorch.save(network, path)
    assert pytorch.load(other, path).is_whole
    assert np.array_equal(parameters_and_state(network), parameters_and_state(other))
    written, again = load_file(path), pytorch.state_dict(other)
    assert written.keys() == again.keys()
    assert all(array.tobytes() == again[name].tobytes() for name, array in written.items())


def test_the_file_says_which_modules_it_is_of(tmp_path):
    torch = pytest.importorskip("torch")
    shape, path = Shape(5, 4, 2), tmp_path / "model.safetensors"
    layers = [
        Convolution.of(channels=3, kernel=(3, 2), padding="same", activation=Tanh()),
        BatchNormalisation.of(),
        Dense.of(output_shape=3, activation=LeakyReLU(0.2)),
    ]
    network = build((shape, layers))
    pytorch.save(network, path)
    with safe_open(path, framework="numpy") as file:
        found = json.loads(file.metadata()["modules"])
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    assert found["0"]["module"].startswith("Conv2d(2, 3, kernel_size=(3, 2)")
    assert found["0"]["activation"] == "Tanh()" and "0.2" in found["2"]["activation"]
    for name, each in found.items():
        module = eval(f"torch.nn.{each['module']}", {"torch": torch})
        for tensor, value in module.state_dict().items():
            assert shapes.pop(f"{name}.{tensor}") == tuple(value.shape)
    assert not shapes


def dense(*units, dtype=np.float32, seed=0):
    return build((Shape(1, 1, 3), [Dense.of(output_shape=each) for each in units]), dtype, seed)


def test_modules_of_other_names_are_read_by_a_table(tmp_path):
    network, other, path = dense(4, 2), dense(4, 2, seed=1), tmp_path / "model.safetensors"
    tensors = {f"net.{name}": array for name, array in pytorch.state_dict(network).items()}
    save_file(tensors, path)
    pytorch.load(other, path, modules={"net.0": "0", "net.1": "1"})
    assert np.array_equal(network.parameters.values, other.parameters.values)
    with pytest.raises(ExchangeError, match=r"has no module 'net\.2', which `modules` names"):
        pytorch.load(other, path, modules={"net.0": "0", "net.2": "1"})
    with pytest.raises(ExchangeError, match=r"net\.0\.\w+ and net\.1\.\w+ would both be 0\."):
        pytorch.load(other, path, modules={"net.0": "0", "net.1": "0"})


def test_parts_are_loaded_only_where_that_is_asked_for(tmp_path):
    path = tmp_path / "model.safetensors"
    pytorch.save(dense(4, 2, 5), path)
    network = dense(4, 3, seed=1)
    before = network.parameters.values.copy()
    with pytest.raises(ExchangeError) as raised:
        pytorch.load(network, path)
    for line in ("not in the network: 2.weight", "1.weight: 3 x 4 in the network, 2 x 4 in the file"):
        assert line in str(raised.value)
    assert np.array_equal(network.parameters.values, before)
    report = pytorch.load(network, path, partial=True)
    assert set(report.matched) == {"0.weight", "0.bias"}
    assert set(report.unexpected) == {"2.weight", "2.bias"}
    assert report.differing == {"1.weight": ((3, 4), (2, 4)), "1.bias": ((3,), (2,))}
    expected = load_file(path)
    assert np.array_equal(network.parameters["0.weights"], expected["0.weight"])
    assert np.array_equal(network.parameters["1.biases"], before[-3:])


def test_half_precision_is_read_and_other_numbers_are_not(tmp_path):
    torch = pytest.importorskip("torch")
    tensors = pytest.importorskip("safetensors.torch")
    network, path = dense(2), tmp_path / "model.safetensors"
    for kind in (torch.float16, torch.bfloat16, torch.float64):
        weights = {"0.weight": torch.arange(6).reshape(2, 3).to(kind), "0.bias": torch.ones(2, dtype=kind)}
        tensors.save_file(weights, path)
        pytorch.load(network, path)
        assert network.parameters["0.weights"].tolist() == [[0, 1, 2], [3, 4, 5]]
    tensors.save_file({"0.weight": torch.ones(2, 3, dtype=torch.int64), "0.bias": torch.ones(2)}, path)
    with pytest.raises(ExchangeError, match=r"0\.weight is of I64"):
        pytorch.load(network, path)


@pytest.mark.parametrize(("bad", "message"), [(np.nan, "0.bias has NaN"), (1e39, "too large for float32")])
def test_numbers_that_cannot_be_parameters_are_refused(tmp_path, bad, message):
    network, path = dense(2), tmp_path / "model.safetensors"
    before = network.parameters.values.copy()
    save_file({"0.weight": np.ones((2, 3)), "0.bias": np.array([bad, 0.0])}, path)
    with pytest.raises(ExchangeError, match=message):
        pytorch.load(network, path)
    assert np.array_equal(network.parameters.values, before)


def test_variances_below_zero_are_refused(tmp_path):
    network, path = build((Shape(2, 2, 1), [BatchNormalisation.of()])), tmp_path / "model.safetensors"
    tensors = pytorch.state_dict(network)
    tensors["0.running_var"] = -tensors["0.running_var"]
    save_file(tensors, path)
    with pytest.raises(ExchangeError, match=r"0\.running_var has variances below zero"):
        pytorch.load(network, path)


SEQUENCE, IMAGE = SequenceShape(3, 2), Shape(4, 4, 2)
WITHOUT = [
    (
        Sequential(SEQUENCE, [LSTM.of(units=2, peepholes=True)], generator=np.random.default_rng(0)),
        "peepholes",
    ),
    (
        Sequential(IMAGE, [Flatten.of(), Dense.of(output_shape=2)], generator=np.random.default_rng(0)),
        "0: a flatten puts height and width first",
    ),
    (
        ConvolutionalLSTM(VideoShape(2, 4, 4, 1), channels=1, kernel=3, generator=np.random.default_rng(0)),
        "convolutional_lstm has no counterpart",
    ),
]


@pytest.mark.parametrize(("network", "message"), WITHOUT)
def test_layers_without_a_counterpart_are_named(tmp_path, network, message):
    for exchange in (lambda: pytorch.state_dict(network), lambda: pytorch.save(network, tmp_path / "m")):
        with pytest.raises(ExchangeError, match=message):
            exchange()
    assert not list(tmp_path.iterdir())


def test_a_shared_layer_is_in_the_file_once():
    generator, shape = np.random.default_rng(0), Shape(1, 1, 3)
    left, right = Input(shape), Input(shape)
    tower = Dense(shape, output_shape=2, generator=generator)
    ends = [Call(tower, each) for each in (left, right)]
    model = Model({"left": left, "right": right}, dict(zip("ab", ends, strict=True)))
    assert len(model.leaves) == 2
    (name, *_) = model.leaves
    assert set(pytorch.state_dict(model)) == {f"{name}.weight", f"{name}.bias"}


def test_statistics_of_a_layer_that_is_called_twice_are_those_of_both_calls_or_refused(tmp_path):
    left, right = Input(Shape(1, 1, 3)), Input(Shape(1, 1, 3))
    norm = Call(BatchNormalisation.of(), left)
    model = Model({"left": left, "right": right}, {"one": norm, "two": Call(norm.network, right)})
    path, (first, second) = tmp_path / "model.safetensors", (f"{name}.means" for name in model.leaves)
    model.state()[first][...] = 2
    with pytest.raises(ExchangeError, match="its calls have measured different statistics"):
        pytorch.save(model, path)
    assert not path.exists()
    model.state()[second][...] = 2
    pytorch.save(model, path)
    for name in (first, second):
        model.state()[name][...] = 0
    assert pytorch.load(model, path).is_whole
    assert all((model.state()[name] == 2).all() for name in (first, second))


def test_a_normalisation_of_whole_images_has_channels_before_rows():
    network = build((Shape(2, 3, 4), [LayerNormalisation.of(axes="all")]))
    scale = network.parameters["0.scale"]
    np.testing.assert_array_equal(pytorch.state_dict(network)["0.weight"], scale.transpose(2, 0, 1))


def test_a_cell_is_called_as_a_cell(tmp_path):
    cell = LSTMCell(Shape(1, 1, 3), units=2, generator=np.random.default_rng(0))
    assert set(pytorch.state_dict(cell)) == {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}


def test_spectral_normalisation_is_refused():
    shape, generator = Shape(1, 1, 3), np.random.default_rng(0)
    with pytest.raises(ExchangeError, match="exchange the network in it"):
        pytorch.state_dict(SpectralNormalisation(shape, Dense.of(output_shape=2), generator=generator))


@given(cut=st.integers(0, 10**6), flip=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_damaged_files_raise_or_fit(tmp_path_factory, cut, flip, bit):
    folder: Path = tmp_path_factory.mktemp("damaged")
    network, path = dense(2), folder / "model.safetensors"
    pytorch.save(network, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: cut % len(whole)])
    with pytest.raises(ExchangeError, match=r"model\.safetensors"):
        pytorch.load(network, path)
    changed = bytearray(whole)
    changed[flip % len(whole)] ^= 1 << bit
    path.write_bytes(changed)
    try:
        pytorch.load(network, path)
    except ExchangeError as error:
        assert "model.safetensors" in str(error)
    assert np.isfinite(network.parameters.values).all()


def test_what_is_no_file_is_named(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ExchangeError, match=str(path)):
            pytorch.load(dense(2), path)
    with pytest.raises(ExchangeError, match="cannot be written"):
        pytorch.save(dense(2), tmp_path / "none" / "model.safetensors")


def test_a_path_with_a_nul_and_modules_that_are_no_table_are_refused(tmp_path):
    network = dense(3, 2)
    for work in (pytorch.load, pytorch.save):
        with pytest.raises(ExchangeError, match=r"'a\\x00b': no file is called so: it has a NUL"):
            work(network, "a\0b")
    with pytest.raises(ExchangeError, match=r"modules: give \{name in the file: .*, not a list"):
        pytorch.load(network, tmp_path / "model.safetensors", modules=["net.0"])


def test_a_dense_layer_reads_a_sequence_step_by_step_as_flattened_there(tmp_path):
    network = build((SequenceShape(3, 2), [BatchNormalisation.of(), Dense.of(output_shape=4)]))
    tensors = pytorch.state_dict(network)
    weights = network.leaves["1"].parameters["weights"]
    np.testing.assert_array_equal(tensors["1.weight"].ravel(), weights.ravel())
    other = build((SequenceShape(3, 2), [BatchNormalisation.of(), Dense.of(output_shape=4)]), seed=1)
    pytorch.save(network, tmp_path / "model.safetensors")
    assert pytorch.load(other, tmp_path / "model.safetensors").is_whole
    np.testing.assert_array_equal(other.parameters.values, network.parameters.values)


def test_a_dense_layer_that_reads_a_video_is_refused():
    network = build((VideoShape(3, 4, 4, 1), [Dense.of(output_shape=2)]))
    with pytest.raises(ExchangeError, match="0: PyTorch has no one order"):
        pytorch.state_dict(network)


def test_names_in_a_file_stay_on_one_line(tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    save_file({"a\x1b[31m\nb": np.zeros(2, np.float32)}, path)
    assert main([str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith(r"a\x1b[31m\nb  F32")
    assert r"not in the network: a\x1b[31m\nb" in str(pytorch.load(dense(2), path, partial=True))


def test_the_program_says_what_is_in_a_file(tmp_path, capsys):
    path = tmp_path / "model.safetensors"
    pytorch.save(build((IMAGE, [BatchNormalisation.of(), Dense.of(output_shape=3)])), path)
    assert main([str(path)]) == 0
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert ["1.weight", "F64"] in [line[:2] for line in lines]
    assert any(line[0] == "1.weight" and line[2].startswith("3 x 32") for line in lines)
    assert any(line[0] == "0.running_var" and line[2].endswith("momentum=0.1)") for line in lines)
    assert lines[-1] == ["7", "tensors"]
    save_file({"labels": np.arange(3)}, path, {"modules": "[" * 10**5})
    assert main([str(path)]) == 0
    assert "cannot be read: no parameters" in capsys.readouterr().out
    path.write_text("no")
    assert main([str(path)]) == 2
    assert "truncated, damaged or no safetensors file" in capsys.readouterr().err
