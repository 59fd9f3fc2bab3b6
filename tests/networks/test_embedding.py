"""Embedding: every rung against differences, the plain rung, torch, and a dense layer of one-hot inputs."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.dense import Dense
from networks.embedding import Embedding
from networks.ladder import FAMILIES
from networks.sequential import Sequential
from nn.activations import Identity, Tanh
from nn.initializers import BiasInitializer, Uniform
from nn.shape import SequenceShape, Shape, VideoShape
from tests.support import network_checks as checks
from tests.support.rung_checks import every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILY = FAMILIES["embedding"]

shapes = st.one_of(
    st.builds(SequenceShape, st.integers(1, 5), st.just(1)),
    st.builds(Shape, st.integers(1, 3), st.integers(1, 3), st.just(1)),
    st.just(VideoShape(2, 2, 1, 1)),
)
labels = st.integers(1, 30)
features = st.integers(1, 40)
histories = st.integers(1, 40)

WORDS = SequenceShape(4, 1)


def build(rung, shape=WORDS, labels=6, features=19, dtype="float64"):
    options = {"initializer": Uniform(1.0), "generator": np.random.default_rng(2), "dtype": dtype}
    return FAMILY.rungs[rung](shape, labels=labels, features=features, **options)


@every_rung
@given(shape=shapes, labels=labels, features=features, histories=histories)
def test_gradients(rung, shape, labels, features, histories):
    network = build(rung, shape, labels, features)
    checks.check_gradients(network, histories)
    network.forward(checks.numbers(network, histories)[0])
    signals = network.backward(np.ones((*network.output_shape, histories)))
    assert signals.shape == (*shape, histories)
    assert not signals.any()


@every_faster_rung
@every_dtype
@given(shape=shapes, labels=labels, features=features, histories=histories)
def test_same_as_plain(rung, dtype, shape, labels, features, histories):
    network, plain = (build(each, shape, labels, features, dtype) for each in (rung, "plain"))
    passed = [checks.pass_through(each, *checks.numbers(plain, histories)) for each in (network, plain)]
    assert np.array_equal(passed[0]["outputs"], passed[1]["outputs"])
    checks.assert_close(*passed, FAMILY.tolerance[dtype])


@every_faster_rung
@every_dtype
@pytest.mark.parametrize("shape", [SequenceShape(60, 1), Shape(1, 1, 1)])
def test_same_as_plain_where_it_is_worth_a_parallel_region(rung, dtype, shape):
    network, plain = (build(each, shape, 50, 200, dtype) for each in (rung, "plain"))
    passed = [checks.pass_through(each, *checks.numbers(plain, 700)) for each in (network, plain)]
    checks.assert_close(*passed, FAMILY.tolerance[dtype])


@every_dtype
def test_threads_do_not_change_a_bit(dtype):
    network = build("o2", SequenceShape(60, 1), 50, 100, dtype)
    checks.check_threads(network, 45)


@every_rung
@every_dtype
@given(shape=shapes, labels=labels, features=features, histories=histories)
def test_torch_embedding_gives_the_same(rung, dtype, shape, labels, features, histories):
    torch = pytest.importorskip("torch")
    network = build(rung, shape, labels, features, dtype)
    values, signals = checks.numbers(network, histories)
    embedding = torch.nn.Embedding(labels, features, dtype=getattr(torch, dtype))
    with torch.no_grad():
        embedding.weight.copy_(torch.tensor(network.parameters["weights"]))
    outputs = embedding(torch.tensor(np.moveaxis(values[..., 0, :], -1, 0).astype(np.int64)))
    outputs.backward(torch.tensor(np.moveaxis(signals, -1, 0).copy()))
    expected = {
        "outputs": np.moveaxis(outputs.detach().numpy(), 0, -1),
        "input signals": np.zeros_like(values),
        "weights": embedding.weight.grad.numpy(),
    }
    checks.assert_close(checks.pass_through(network, values, signals), expected, FAMILY.tolerance[dtype])


@every_rung
@given(labels=labels, features=features, histories=histories)
def test_a_dense_layer_of_one_hot_inputs_gives_the_same(rung, labels, features, histories):
    network = build(rung, Shape(1, 1, 1), labels, features)
    options = {"activation": Identity(), "bias": BiasInitializer(), "generator": np.random.default_rng(0)}
    dense = Dense(Shape(1, 1, labels), Shape(1, 1, features), **options, dtype="float64")
    dense.parameters["weights"][:] = network.parameters["weights"].T
    values, signals = checks.numbers(network, histories)
    found = checks.pass_through(network, values, signals)
    one_hot = np.eye(labels)[:, values[0, 0, 0].astype(int)].reshape(1, 1, labels, histories)
    expected = checks.pass_through(dense, one_hot, signals)
    assert np.allclose(found["outputs"], expected["outputs"])
    assert np.allclose(found["weights"], expected["weights"].T)


@every_rung
@every_dtype
@pytest.mark.parametrize("histories", [1, 16, 21])
def test_learning_rate_descends_along_the_gradient(rung, dtype, histories):
    checks.check_learning_rate(
        lambda rung, dtype: build(rung, dtype=dtype), rung, dtype, histories, FAMILY.tolerance[dtype]
    )


@every_rung
def test_below_another_network_it_is_checked_too(rung):
    embedding = build(rung)
    options = {"activation": Tanh(), "generator": np.random.default_rng(0), "dtype": "float64"}
    network = Sequential([embedding, Dense(embedding.output_shape, Shape(1, 1, 3), **options)])
    assert network.labels == 6
    checks.check_gradients(network, 9)


@every_rung
def test_gradients_add_up(rung):
    checks.check_gradients_add_up(build(rung), 5, FAMILY.tolerance["float64"])


@every_rung
@every_dtype
def test_batches_of_any_size_and_layout_in_turn(rung, dtype):
    network = build(rung, dtype=dtype)
    values, signals = checks.numbers(network, 33)
    whole = checks.pass_through(network, values, signals)["outputs"]
    for entries in (1, 15, 16, 17, 33):
        turned = [np.asfortranarray(each[..., :entries]) for each in (values, signals)]
        part = checks.pass_through(network, *turned)
        assert np.array_equal(part["outputs"], whole[..., :entries])
        assert np.array_equal(network.values, part["outputs"])
        assert np.array_equal(network.signals, signals[..., :entries])


@every_rung
@every_dtype
@pytest.mark.parametrize("wrong", [-1, 6, 2.5, np.nan, np.inf, -np.inf])
def test_what_is_no_label_is_named(rung, dtype, wrong):
    network = build(rung, dtype=dtype)
    values, _ = checks.numbers(network, 20)
    network.forward(values)
    values[2, 0, 17] = wrong
    expected = rf"embedding: input\[2, 0\] of entry 17 is {float(wrong)}, not a whole number from 0 to 5"
    with pytest.raises(ValueError, match=expected):
        network.forward(values)


@every_rung
@every_dtype
def test_what_does_not_fit_is_refused(rung, dtype):
    network = build(rung, dtype=dtype)
    values, signals = checks.numbers(network, 2)
    other = np.float64 if dtype == "float32" else np.float32
    for call, argument in (
        (network.backward, signals),
        (network.forward, values[..., :0]),
        (network.forward, values[:-1]),
        (network.forward, values.astype(other)),
    ):
        with pytest.raises(ValueError, match="embedding: "):
            call(argument)
    network.forward(values)
    for argument in (signals[..., :1], signals[:, :-1], signals.astype(other)):
        with pytest.raises(ValueError, match="embedding: signals"):
            network.backward(argument)


@every_rung
def test_comes_back_from_its_description(rung):
    network = build(rung, dtype="float32")
    described = json.loads(json.dumps(network.to_configuration()))
    again = type(network).from_configuration(described, {}, dtype=np.float32)
    assert not again.parameters.values.any()
    again.parameters.copy_from(network.parameters)
    batch = checks.numbers(network, 5)
    checks.assert_close(checks.pass_through(again, *batch), checks.pass_through(network, *batch), 0)
    assert again.connections == 0


@pytest.mark.parametrize(
    ("shape", "labels", "features", "dtype", "message"),
    [
        (SequenceShape(4, 2), 3, 3, "float32", "embedding: input 4x2 must end in 1, a single label"),
        (SequenceShape(4, 1), 0, 3, "float32", "embedding: labels 0 must be a whole number"),
        (SequenceShape(4, 1), 3, 0, "float32", "embedding: features 0 must be a whole number"),
        (SequenceShape(4, 1), 2**24 + 1, 1, "float32", "of which float32 tells 16777216 apart"),
        (SequenceShape(4, 1), 3, 3, "int32", "networks compute in float32 or float64"),
    ],
)
def test_options_out_of_range_are_refused(shape, labels, features, dtype, message):
    generator = np.random.default_rng(0)
    with pytest.raises(ValueError, match=message):
        Embedding(shape, labels=labels, features=features, generator=generator, dtype=dtype)
