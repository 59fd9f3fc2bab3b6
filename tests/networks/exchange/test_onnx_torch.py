"""Models that PyTorch exports to ONNX: read as networks of ours, they give what PyTorch gives."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.exchange import onnx
from networks.exchange.errors import ExchangeError
from tests.support.onnx_models import check_same

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning"),
]

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

sides = st.integers(1, 3)


def exported(module, values, folder, *, opset=17, entries="open", place=0):
    """Write a module and return where it lies; its number of entries is open, or that of the values."""
    path = folder / "model.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (values,),
            str(path),
            dynamo=False,
            opset_version=opset,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {place: "n"}} if entries == "open" else None,
        )
    return path


def drawn(module, seed):
    """A module whose parameters and statistics are all drawn."""
    generator = torch.Generator().manual_seed(seed)
    for each in module.parameters():
        each.data.normal_(generator=generator)
    for each in module.buffers():
        if each.is_floating_point():
            each.uniform_(0.5, 2, generator=generator)
    return module


@st.composite
def classifiers(draw):
    """Convolutions, normalisations and pooling in a chain, then products."""
    nn = torch.nn
    channels, size, modules = draw(sides), (draw(st.integers(16, 19)), draw(st.integers(16, 19))), []
    start = channels
    for _ in range(draw(st.integers(1, 3))):
        out, kernel = draw(sides), draw(sides)
        modules.append(
            nn.Conv2d(
                channels,
                out,
                kernel,
                stride=draw(st.integers(1, 2)),
                padding=draw(st.integers(0, 2)),
                bias=draw(st.booleans()),
            )
        )
        channels = out
        kinds = [
            nn.ReLU(),
            nn.Tanh(),
            nn.LeakyReLU(0.2),
            nn.BatchNorm2d(channels),
            nn.Dropout(),
            nn.Softplus(),
        ]
        modules += draw(st.lists(st.sampled_from(kinds), max_size=2))
        if draw(st.booleans()):
            options = {"stride": draw(st.integers(1, 2)), "padding": 1}
            pools = [
                nn.MaxPool2d(2, **options),
                nn.AvgPool2d(2, **options, count_include_pad=draw(st.booleans())),
            ]
            modules.append(draw(st.sampled_from(pools)))
    if draw(st.booleans()):
        modules.append(
            draw(st.sampled_from([nn.AdaptiveAvgPool2d(1), nn.Upsample(scale_factor=2, mode="bilinear")]))
        )
    body = nn.Sequential(*modules)
    features = body.eval()(torch.zeros(1, start, *size)).numel()
    head = [
        nn.Flatten(),
        nn.Linear(features, draw(sides)),
        draw(st.sampled_from([nn.Sigmoid(), nn.ELU(), nn.Softmax(1)])),
    ]
    return nn.Sequential(*modules, *head), (start, *size)


@given(
    parts=classifiers(),
    seed=st.integers(0, 1000),
    entries=st.sampled_from(["open", 1, 3]),
    opset=st.integers(9, 20),
)
def test_classifiers_of_images(tmp_path_factory, parts, seed, entries, opset):
    module, sizes = parts
    values = torch.randn(1 if entries == 1 else 3, *sizes, generator=torch.Generator().manual_seed(seed))
    if any(isinstance(each, torch.nn.Upsample) for each in module):
        opset = max(opset, 11)  # before, linear was asymmetric
    path = exported(
        drawn(module, seed), values, tmp_path_factory.mktemp("onnx"), opset=opset, entries=entries
    )
    check_same(path, onnx.load(path), values.numpy(), tolerance=1e-4)


class Residual(torch.nn.Module):
    """Sums, products and concatenations, and a decoder from a code."""

    def __init__(self, channels, normalised):
        super().__init__()
        nn = torch.nn
        self.first, self.second = (
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.Conv2d(channels, channels, 1),
        )
        self.code = nn.Linear(2 * channels * 16, 12)
        self.between = nn.BatchNorm1d(12) if normalised else nn.Identity()
        self.decoder = nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, output_padding=1)

    def forward(self, values):
        first = torch.relu(self.first(values))
        both = torch.cat([first + self.second(first), first * values], 1)
        code = torch.relu(self.between(self.code(both.view(both.size(0), -1))))
        return torch.sigmoid(self.decoder(code.view(-1, 3, 2, 2)))


@given(
    channels=sides,
    normalised=st.booleans(),
    seed=st.integers(0, 1000),
    entries=st.sampled_from(["open", 1, 3]),
)
def test_branches_and_decoders(tmp_path_factory, channels, normalised, seed, entries):
    values = torch.randn(
        1 if entries == 1 else 3, channels, 4, 4, generator=torch.Generator().manual_seed(seed)
    )
    path = exported(
        drawn(Residual(channels, normalised), seed), values, tmp_path_factory.mktemp("onnx"), entries=entries
    )
    check_same(path, onnx.load(path), values.numpy(), tolerance=1e-4)


class Reader(torch.nn.Module):
    """Recurrent layers, and a product at every step or of the last hidden values."""

    def __init__(self, kind, last, **options):
        super().__init__()
        self.last, self.first = last, options["batch_first"]
        self.network = getattr(torch.nn, kind)(**options)
        width = options["hidden_size"] * (1 + options["bidirectional"])
        self.norm, self.head = torch.nn.LayerNorm(width), torch.nn.Linear(width, 2)

    def forward(self, values):
        outputs, states = self.network(values)
        hidden = states[0] if isinstance(states, tuple) else states
        if self.last == "states":
            outputs = torch.cat([hidden[-2], hidden[-1]], 1) if self.network.bidirectional else hidden[-1]
        elif self.last == "step" and not self.network.bidirectional:
            outputs = outputs[:, -1] if self.first else outputs[-1]
        return self.head(self.norm(outputs))


@given(
    kind=st.sampled_from(["LSTM", "GRU"]),
    last=st.sampled_from(["all", "states", "step"]),
    units=sides,
    layers=st.integers(1, 2),
    bidirectional=st.booleans(),
    first=st.booleans(),
    entries=st.sampled_from(["open", 1, 3]),
    seed=st.integers(0, 1000),
)
def test_readers_of_sequences(
    tmp_path_factory, kind, last, units, layers, bidirectional, first, entries, seed
):
    options = {
        "hidden_size": units,
        "num_layers": layers,
        "bidirectional": bidirectional,
        "batch_first": first,
    }
    module = drawn(Reader(kind, last, input_size=2, **options), seed)
    count = 1 if entries == 1 else 3
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn((count, 4, 2) if first else (4, count, 2), generator=generator)
    place = 0 if first else 1
    path = exported(module, values, tmp_path_factory.mktemp("onnx"), entries=entries, place=place)
    expected = module(values).detach().numpy()
    found = onnx.load(path).predict(np.moveaxis(values.numpy(), place, 0))
    if expected.ndim == 3:
        expected = np.moveaxis(expected, place, 0)
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-4, atol=1e-4)


def test_labels_go_through_a_table(tmp_path):
    nn = torch.nn
    module = drawn(nn.Sequential(nn.Embedding(7, 3), nn.Flatten(), nn.Linear(15, 2)), 0)
    labels = torch.randint(0, 7, (4, 5), generator=torch.Generator().manual_seed(0))
    network = onnx.load(exported(module, labels, tmp_path))
    found = network.predict(labels.numpy().astype(np.float32)[..., None])
    np.testing.assert_allclose(found.reshape(4, 2), module(labels).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_images_of_every_step_run_through_one_network(tmp_path):
    class Film(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.seen, self.read = torch.nn.Conv2d(2, 3, 3), torch.nn.LSTM(24, 4, batch_first=True)

        def forward(self, values):
            images = self.seen(values.flatten(0, 1)).relu()
            return self.read(images.flatten(1).view(-1, 5, 24))[0]

    module, values = drawn(Film(), 0), torch.randn(3, 5, 2, 4, 6, generator=torch.Generator().manual_seed(0))
    network = onnx.load(exported(module, values, tmp_path))
    assert [layer.family for layer in network.layers] == ["time_distributed", "reshape", "lstm"]
    found = network.predict(np.moveaxis(values.numpy(), 2, -1))
    np.testing.assert_allclose(found, module(values).detach().numpy(), rtol=1e-4, atol=1e-5)


def test_rnn_is_refused_by_name_and_projections_are_not_exported(tmp_path):
    values = torch.zeros(1, 4, 2)
    path = exported(torch.nn.RNN(2, 3, batch_first=True), values, tmp_path)
    with pytest.raises(ExchangeError, match=r"\(RNN\): this operator is not mapped"):
        onnx.load(path)
    with pytest.raises(torch.onnx.errors.SymbolicValueError, match="projections"):
        exported(torch.nn.LSTM(2, 3, proj_size=2), values, tmp_path)


def test_an_lstm_is_one_node_between_transpositions(tmp_path):
    theirs = pytest.importorskip("onnx")
    path = exported(torch.nn.LSTM(2, 3, batch_first=True), torch.zeros(1, 4, 2), tmp_path)
    operators = [
        node.op_type for node in theirs.load(path).graph.node if node.op_type in ("LSTM", "Transpose")
    ]
    assert operators == ["Transpose", "LSTM", "Transpose"]


def test_padding_that_counts_is_a_node_of_its_own_before_opset_10(tmp_path):
    theirs = pytest.importorskip("onnx")
    module, values = torch.nn.AvgPool2d(3, 2, padding=1), torch.randn(2, 2, 5, 7)
    for opset, operators in ((9, ["Pad", "AveragePool"]), (10, ["AveragePool"])):
        path = exported(module, values, tmp_path, opset=opset)
        seen = [node.op_type for node in theirs.load(path).graph.node if node.op_type != "Constant"]
        assert seen == operators
        network = onnx.load(path)
        assert [layer.count_padding for layer in network.layers] == [True]
        check_same(path, network, values.numpy())
