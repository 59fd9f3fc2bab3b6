"""Networks written as ONNX: what ONNX Runtime computes is what ours do, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import (
    GRU,
    LSTM,
    ActivationLayer,
    Add,
    AveragePooling,
    BatchNormalisation,
    BilinearUpsampling,
    Call,
    Concatenate,
    Convolution,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    GlobalAveragePooling,
    GlobalMaxPooling,
    GRUCell,
    Input,
    LayerNormalisation,
    Local,
    LSTMCell,
    MaxPooling,
    Model,
    Multiply,
    NearestUpsampling,
    Reshape,
    Sequential,
    Softmax,
    SpectralNormalisation,
    TimeDistributed,
    TransposedConvolution,
)
from networks.exchange import onnx
from networks.exchange.errors import ExchangeError
from nn import (
    ELU,
    HardSigmoid,
    Identity,
    LeakyReLU,
    ReLU,
    SequenceShape,
    Shape,
    Sigmoid,
    Softplus,
    Squash,
    Tanh,
    VideoShape,
)
from tests.support.onnx_sessions import exported, feed, largest_difference, shapes_of

pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.usefixtures("one_thread")

numbers = st.integers(1, 3)
activations = st.sampled_from(
    [
        Identity(),
        ReLU(),
        LeakyReLU(0.2),
        ELU(),
        Softplus(),
        Tanh(),
        Sigmoid(),
        Squash(),
        Squash(0.1),
        HardSigmoid(),
        HardSigmoid(0.2),
    ]
)


@st.composite
def image_layers(draw):
    """A layer of images for every choice."""
    window = {"kernel": (draw(numbers), draw(numbers)), "stride": draw(numbers), "dilation": draw(numbers)}
    padding = draw(st.integers(0, 2))
    pooled = {"window": draw(st.integers(2, 3)), "stride": draw(numbers), "padding": draw(st.integers(0, 1))}
    choices = [
        Convolution.of(channels=draw(numbers), padding=padding, activation=draw(activations), **window),
        Convolution.of(channels=draw(numbers), kernel=draw(st.integers(1, 4)), padding="same"),
        TransposedConvolution.of(channels=draw(numbers), activation=draw(activations), **window),
        MaxPooling.of(**pooled),
        AveragePooling.of(count_padding=draw(st.booleans()), **pooled),
        NearestUpsampling.of(factor=(draw(numbers), draw(numbers))),
        BilinearUpsampling.of(factor=(draw(numbers), draw(numbers))),
        BatchNormalisation.of(epsilon=0.01),
        LayerNormalisation.of(),
        Softmax.of(),
        ActivationLayer.of(activation=draw(activations)),
        Dropout.of(rate=0.5),
    ]
    return draw(st.sampled_from(choices))


@st.composite
def image_networks(draw):
    last = [
        Dense.of(Shape(2, draw(numbers), draw(numbers)), activation=draw(activations)),
        Flatten.of(),
        GlobalAveragePooling.of(),
        GlobalMaxPooling.of(),
        Reshape.of(draw(st.sampled_from([Shape(1, 1, 1), Shape(2, 2, 2)]))),
        SpectralNormalisation.of(Dense.of(3), generator=np.random.default_rng(0)),
    ]
    shape = Shape(draw(st.integers(8, 10)), draw(st.integers(8, 10)), draw(numbers))
    layers = draw(st.lists(image_layers(), min_size=1, max_size=2))
    return shape, [*layers, draw(st.sampled_from(last)), Dense.of(draw(numbers))]


@st.composite
def sequence_networks(draw):
    shape = SequenceShape(draw(st.integers(1, 5)), draw(numbers))
    kind = draw(st.sampled_from([LSTM, GRU]))
    options = {"layers": draw(st.integers(1, 2)), "bidirectional": draw(st.booleans())}
    first = kind.of(
        units=draw(numbers), **options, **({"peepholes": draw(st.booleans())} if kind is LSTM else {})
    )
    between = [
        TimeDistributed.of(Dense.of(draw(numbers), activation=draw(activations))),
        LayerNormalisation.of(),
        BatchNormalisation.of(),
        Softmax.of(),
        GaussianNoise.of(deviation=0.1),
    ]
    last = [kind.of(units=2, whole_sequence=False), Dense.of(2), Flatten.of()]
    return shape, [first, draw(st.sampled_from(between)), draw(st.sampled_from(last))]


def drawn(network, seed=0):
    """Draw all parameters and statistics anew: starting values hide mistakes. Calls of one have the same."""
    generator = np.random.default_rng(seed)
    network.parameters.values[:] = 0.5 * generator.normal(size=network.parameters.size)
    for name, array in network.state().items():
        if name.endswith(("means", "variances")):
            array[...] = np.random.default_rng([seed, array.size]).uniform(0.5, 1.5, array.shape)
    return network


def values_of(network, entries, labels=None):
    generator = np.random.default_rng(entries)
    shapes = shapes_of(network, "input")
    if labels is not None:
        return {
            name: generator.integers(0, labels, (*s, entries)).astype(network.dtype)
            for name, s in shapes.items()
        }
    return {name: generator.normal(size=(*s, entries)).astype(network.dtype) for name, s in shapes.items()}


def sequential(shape, layers, dtype="float32"):
    return drawn(Sequential(shape, layers, generator=np.random.default_rng(0), dtype=dtype))


def agrees(network, folder, tolerance=1e-5, labels=None, **options):
    """Write it once, and compare for one entry and for several: the batch may be of any size."""
    model = exported(network, folder, **options)
    for entries in (1, 5):
        assert largest_difference(network, values_of(network, entries, labels), model) < tolerance
    return model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("onnx")


@settings(max_examples=settings().max_examples // 2)
@given(image_networks())
def test_networks_of_images(folder, made):
    shape, layers = made
    try:
        network = sequential(shape, layers)
    except ValueError:  # a shape that a layer does not take
        return
    agrees(network, folder)


@settings(max_examples=settings().max_examples // 2)
@given(sequence_networks(), st.booleans())
def test_networks_of_sequences(folder, made, optional_inputs):
    shape, layers = made
    agrees(sequential(shape, layers), folder, optional_inputs=optional_inputs)


@pytest.mark.parametrize(
    "layers", [[Dense.of(5, activation=Tanh()), Dense.of(3, activation=Sigmoid()), Softmax.of()]]
)
def test_float64_to_rounding(folder, layers):
    agrees(sequential(Shape(4, 3, 2), [MaxPooling.of(window=2), *layers], "float64"), folder, 1e-6 * 1e-6)


@pytest.mark.parametrize("layer", [LSTM.of(units=2), LeakyReLU, Softplus])
def test_float64_is_refused_where_no_runtime_computes_it(folder, layer):
    layers = [ActivationLayer.of(activation=layer())] if isinstance(layer, type) else [layer]
    network = sequential(SequenceShape(4, 3), layers, "float64")
    with pytest.raises(ExchangeError, match=r'0\..*: runtimes have no .* in float64: give dtype="float32"'):
        onnx.save(network, folder / "refused.onnx")
    assert not (folder / "refused.onnx").exists()
    session = exported(network, folder, dtype="float32")
    values = values_of(network, 3)
    single = sequential(SequenceShape(4, 3), layers)
    single.parameters.values[:] = network.parameters.values
    (found,) = session.run(
        None, {name: each.astype(np.float32) for name, each in feed(network, values, session).items()}
    )
    wanted = np.moveaxis(single.forward(values["input"].astype(np.float32)), -1, 0)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_windows_of_their_own_and_labels_and_cells(folder):
    for mixing in (True, False):
        blocks = {"input_block": 2, "window": 4, "output_block": 1, "channels": 4, "mixing": mixing}
        agrees(
            sequential(
                Shape(8, 6, 2),
                [Local.of(**blocks), Local.of(**{**blocks, "input_block": 1, "output_block": 2})],
            ),
            folder,
        )
    agrees(
        sequential(SequenceShape(6, 1), [Embedding.of(labels=5, features=3), GRU.of(units=4)]),
        folder,
        labels=5,
    )
    agrees(sequential(Shape(1, 1, 1), [Embedding.of(labels=5, features=3), Dense.of(4)]), folder, labels=5)
    agrees(sequential(3, [LSTMCell.of(units=4), GRUCell.of(units=3)]), folder)


def test_videos(folder):
    layers = [
        TimeDistributed.of(Convolution.of(channels=3, kernel=3)),
        TimeDistributed.of(BatchNormalisation.of()),
        TimeDistributed.of(Flatten.of()),
        LSTM.of(units=3),
    ]
    agrees(sequential(VideoShape(3, 6, 5, 2), layers), folder)


def test_models_of_several_inputs_and_outputs_and_a_layer_used_twice(folder):
    generator = np.random.default_rng(0)
    left, right = (Input(Shape(6, 6, 2), generator=generator) for _ in range(2))
    one = Call(Convolution.of(channels=3, kernel=3), left, name="shared")
    two = Call(one.network, right)
    total = Call(Add.of(), one, two)
    both = Call(Concatenate.of(), total, one)
    outputs = {"answer": Call(Dense.of(3), both), "product": Call(Multiply.of(), total, two)}
    network = drawn(Model({"left": left, "right": right}, outputs))
    session = agrees(network, folder)
    assert [each.name for each in session.get_inputs()] == ["left", "right"]
    assert [each.name for each in session.get_outputs()] == ["answer", "product"]


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_steps_of_any_number_states_and_lengths(folder, kind):
    def network(steps):
        layers = [kind.of(units=3, layers=2, bidirectional=True), TimeDistributed.of(Dense.of(2))]
        return sequential(SequenceShape(steps, 2), layers)

    session = exported(network(4), folder)
    longer = network(7)
    assert largest_difference(longer, values_of(longer, 3), session) < 1e-5
    optional = {each.name: each.shape for each in session.get_overridable_initializers()}
    assert optional["0.initial_hidden"][::2] == [4, 3]

    layer, head = longer.networks
    values = values_of(longer, 3)
    generator, lengths = np.random.default_rng(1), np.array([7, 2, 5])
    states = layer.state_kind(
        *(generator.normal(size=(4, 3, 3)).astype(np.float32) for _ in layer.state_kind._fields)
    )
    given = {f"0.initial_{name}": np.moveaxis(array, -1, 1) for name, array in states._asdict().items()}
    layer.step_mask = np.arange(7)[:, None] < lengths
    outputs = head.forward(layer.forward(values["input"], initial=states))
    fed = feed(longer, values, session)
    (bound,) = session.run(None, {**fed, **given, "0.lengths": lengths.astype(np.int32)})
    np.testing.assert_allclose(bound, np.moveaxis(outputs, -1, 0), atol=1e-5)
    for left_out in (given, ["0.lengths"]):
        some = {name: each for name, each in given.items() if name not in left_out}
        some |= {} if "0.lengths" in left_out else {"0.lengths": lengths.astype(np.int32)}
        assert not np.allclose(bound, session.run(None, {**fed, **some})[0], atol=1e-3)


def test_what_has_no_counterpart_is_refused_by_name(folder):
    class Rounded(ActivationLayer):
        family = "rounded"

    network = sequential(
        Shape(4, 4, 2), {"body": Convolution.of(channels=2, kernel=1), "last": Rounded.of(activation=Tanh())}
    )
    with pytest.raises(ExchangeError, match=r"last: a rounded is not mapped to ONNX"):
        onnx.save(network, folder / "refused.onnx")
    with pytest.raises(ExchangeError, match="cannot be written"):
        onnx.save(sequential(3, [Dense.of(2)]), folder / "missing" / "model.onnx")


def test_what_was_written_is_read_again(folder):
    layers = [
        Convolution.of(channels=3, kernel=3, padding=1, activation=ReLU()),
        BatchNormalisation.of(),
        MaxPooling.of(window=2),
        Dense.of(4),
        Softmax.of(),
    ]
    network = sequential(Shape(6, 8, 2), layers)
    onnx.save(network, folder / "again.onnx")
    again = onnx.load(folder / "again.onnx")
    values = values_of(network, 5)["input"]
    np.testing.assert_allclose(again.forward(values), network.forward(values), atol=1e-6)


@pytest.mark.parametrize("optional_inputs", [True, False])
@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_sequences_that_were_written_are_read_again(folder, kind, optional_inputs):
    layers = [kind.of(units=3, layers=2), kind.of(units=2, whole_sequence=False), Dense.of(2)]
    network = sequential(SequenceShape(5, 3), layers)
    onnx.save(network, folder / "again.onnx", optional_inputs=optional_inputs)
    again = onnx.load(folder / "again.onnx", input_shape=(5, 3))
    values = values_of(network, 4)["input"]
    np.testing.assert_allclose(again.forward(values), network.forward(values), atol=1e-6)
