"""Missing steps may hold anything: no network computes with them, on any rung."""

from functools import partial

import numpy as np
import pytest

from networks import Dense, Dropout, GaussianNoise, Softmax
from networks.base.family import RUNGS
from networks.base.layer_families import LAYERS
from networks.base.nodes import Call, Input
from networks.base.weightless_families import WEIGHTLESS
from networks.model import Model
from networks.sequential import Sequential
from networks.time_distributed import TimeDistributed
from nn.shape import SequenceShape, Shape, VideoShape
from nn.step_masks import expand_mask, has_steps, zero_masked_steps
from tests.support.mask_garbage import garbage

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("one_thread")]

STEPS, FEATURES = 6, 3
LENGTHS = (6, 4, 1, 0, 3)
SEQUENCE, VIDEO = SequenceShape(STEPS, FEATURES), VideoShape(STEPS, 3, 2, 2)


def draws():
    return np.random.default_rng(1)


def kind(family, rung):
    return {**LAYERS, **WEIGHTLESS}[family].rungs[rung]


def lstm(rung, shape=SEQUENCE, **options):
    return kind("lstm", rung)(shape, units=4, generator=draws(), **options)


def gru(rung, shape=SEQUENCE, **options):
    return kind("gru", rung)(shape, units=4, generator=draws(), **options)


def videos(rung, **options):
    return kind("convolutional_lstm", rung)(VIDEO, channels=2, kernel=3, generator=draws(), **options)


def tokens(rung, steps=STEPS, **options):
    shape = SequenceShape(steps, 1)
    return kind("embedding", rung)(shape, labels=5, features=FEATURES, generator=draws(), **options)


def batch(rung, shape=SEQUENCE, **options):
    return kind("batch_normalisation", rung)(shape, **options)


def layer(rung, shape=SEQUENCE, **options):
    return kind("layer_normalisation", rung)(shape, **options)


def chain(*networks):
    return Sequential(list(networks))


def branches(rung, **options):
    """An LSTM and a plain normalisation beside it, added."""
    words = Input(SequenceShape(STEPS, 1))
    seen = Call(tokens(rung, **options), words, name="seen")
    left = Call(lstm(rung, **options), seen, name="left")
    right = Call(
        TimeDistributed(SEQUENCE, Dense.of(4), generator=draws(), **options),
        Call(layer(rung, **options), seen, name="even"),
        name="right",
    )
    shapes = [left.shape, right.shape]
    return Model(words, Call(kind("add", rung)(shapes, **options), left, right))


WIDE = SequenceShape(STEPS, 4)
NETWORKS = {
    "lstm": partial(lstm, layers=2, bidirectional=True, peepholes=True),
    "lstm, last": partial(lstm, layers=2, bidirectional=True, whole_sequence=False),
    "gru": partial(gru, layers=2, bidirectional=True),
    "gru, last": partial(gru, bidirectional=True, whole_sequence=False),
    "convolutional lstm": videos,
    "convolutional lstm, last": partial(videos, whole_sequence=False),
    "embedding": tokens,
    "batch normalisation": batch,
    "batch normalisation of videos": partial(batch, shape=VIDEO),
    "layer normalisation": layer,
    "layer normalisation of videos": partial(layer, shape=VIDEO),
    "layer normalisation of all": partial(layer, axes="all"),
    "layer normalisation of whole videos": partial(layer, shape=VIDEO, axes="all"),
    "time distributed": lambda rung, **o: TimeDistributed(
        SEQUENCE, kind("batch_normalisation", rung).of(), **o
    ),
    "normalised before and after": lambda rung, **o: chain(
        layer(rung, **o), lstm(rung, **o), batch(rung, WIDE, **o)
    ),
    "tokens": lambda rung, **o: chain(tokens(rung, **o), gru(rung, **o), layer(rung, WIDE, axes="all", **o)),
    "noise": lambda rung, **o: chain(
        Dropout(SEQUENCE, rate=0.3, generator=draws(), **o),
        GaussianNoise(SEQUENCE, deviation=0.3, generator=draws(), **o),
        lstm(rung, **o),
        Softmax(WIDE, **o),
    ),
    "dense over all steps": lambda rung, **o: chain(
        Dense(SEQUENCE, Shape(1, 1, 18), generator=draws(), **o),
        kind("reshape", "plain")(Shape(1, 1, 18), output_shape=SEQUENCE, **o),
        gru(rung, whole_sequence=False, **o),
    ),
    "model": branches,
}
every_network = pytest.mark.parametrize("name", NETWORKS)
every_rung = pytest.mark.parametrize("rung", RUNGS)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def lengths_mask(lengths, steps=STEPS):
    return np.arange(steps)[:, None] < np.array(lengths)


def numbers(network, entries):
    """Input values, or labels, and output signals."""
    generator, shape = np.random.default_rng(0), (*network.input_shape, entries)
    values = generator.normal(size=shape)
    labels = 5 if isinstance(network, Model) else network.labels
    if labels is not None:
        values = generator.integers(labels, size=shape)
    signals = generator.normal(size=(*network.output_shape, entries))
    return values.astype(network.dtype), signals.astype(network.dtype)


def spoiled(values, mask):
    """Values with garbage where a mask says that a step is missing."""
    if not has_steps(values, mask):
        return values
    waste = garbage(values.shape, values.dtype, np.random.default_rng(2))
    return np.where(expand_mask(mask, values), values, waste)


def run(network, values, signals, mask):
    """All results of a step in training."""
    network.step_mask = mask
    network.parameters.zero_gradients()
    found = {"outputs": np.array(network.forward(values, training=True))}
    found["input signals"] = np.array(network.backward(signals))
    found["gradients"] = network.parameters.gradients.copy()
    found |= {name: array.copy() for name, array in network.state().items()}
    if hasattr(network, "final_states"):
        found |= {f"final {name}": each for name, each in network.final_states._asdict().items()}
        found |= {f"initial {name}": each for name, each in network.initial_signals._asdict().items()}
    return found


@every_network
@every_rung
@every_dtype
def test_what_fills_a_sequence_up_changes_no_bit(name, rung, dtype):
    mask, build = lengths_mask(LENGTHS), partial(NETWORKS[name], rung, dtype=dtype)
    values, signals = numbers(build(), len(LENGTHS))
    clean = [zero_masked_steps(each, mask) for each in (values, signals)]
    expected = run(build(), *clean, mask)
    found = run(build(), spoiled(values, mask), spoiled(signals, mask), mask)
    for what, array in expected.items():
        assert np.isfinite(array).all(), what
        assert np.array_equal(found[what], array), what
    for what in ("outputs", "input signals"):
        if has_steps(found[what], mask):
            assert not found[what][np.broadcast_to(~expand_mask(mask, found[what]), found[what].shape)].any()


@every_network
@every_rung
def test_a_batch_without_any_step_changes_nothing(name, rung):
    network = NETWORKS[name](rung, dtype="float32")
    values, signals = numbers(network, 3)
    mask = np.zeros((STEPS, 3), np.bool_)
    before = {what: array.copy() for what, array in network.state().items()}
    found = run(network, spoiled(values, mask), spoiled(signals, mask) * has_steps(signals, mask), mask)
    for what, array in found.items():
        assert np.isfinite(array).all(), what
    assert not found["gradients"].any()
    for what in ("outputs", "input signals"):
        if has_steps(found[what], mask):
            assert not found[what].any(), what
    assert all(np.array_equal(network.state()[what], array) for what, array in before.items())


def of_length(name, rung, length):
    """The same network for sequences of another length, where its parameters allow it."""
    shapes = {
        "convolutional lstm": VIDEO,
        "batch normalisation of videos": VIDEO,
        "layer normalisation of videos": VIDEO,
    }
    if name == "embedding":
        return tokens(rung, length, dtype="float64")
    shape = type(shapes.get(name, SEQUENCE))(length, *shapes.get(name, SEQUENCE)[1:])
    if name.startswith("convolutional lstm"):
        whole = name == "convolutional lstm"
        return kind("convolutional_lstm", rung)(
            VideoShape(length, *VIDEO[1:]),
            channels=2,
            kernel=3,
            generator=draws(),
            whole_sequence=whole,
            dtype="float64",
        )
    return NETWORKS[name](rung, shape=shape, dtype="float64")


ALONE = [
    "lstm",
    "lstm, last",
    "gru",
    "gru, last",
    "convolutional lstm",
    "convolutional lstm, last",
    "embedding",
    "layer normalisation",
    "layer normalisation of videos",
]


@pytest.mark.parametrize("name", ALONE)
@every_rung
def test_every_entry_comes_out_as_alone_in_its_own_length(name, rung):
    mask, network = lengths_mask(LENGTHS), NETWORKS[name](rung, dtype="float64")
    values, signals = numbers(network, len(LENGTHS))
    found = run(network, spoiled(values, mask), spoiled(signals, mask), mask)
    gradients = np.zeros_like(found["gradients"])
    for entry, length in enumerate(LENGTHS):
        if length == 0:
            continue
        alone = of_length(name, rung, length)
        own = [
            np.ascontiguousarray((each[:length] if has_steps(each, mask) else each)[..., entry : entry + 1])
            for each in (values, signals)
        ]
        expected = run(alone, *own, None)
        gradients += expected["gradients"]
        for what in ("outputs", "input signals"):
            part = found[what][:length] if has_steps(found[what], mask) else found[what]
            np.testing.assert_allclose(
                part[..., entry : entry + 1], expected[what], rtol=1e-9, atol=1e-12, err_msg=what
            )
    np.testing.assert_allclose(found["gradients"], gradients, rtol=1e-9, atol=1e-12)


@every_rung
@pytest.mark.parametrize("shape", [SEQUENCE, VIDEO])
def test_a_batch_normalisation_measures_the_steps_that_are_there(rung, shape):
    mask, network = lengths_mask(LENGTHS), batch(rung, shape, dtype="float64")
    values, signals = numbers(network, len(LENGTHS))
    found = run(network, spoiled(values, mask), spoiled(signals, mask), mask)
    steps = Shape(1, 1, *shape[1:]) if shape is SEQUENCE else Shape(*shape[1:])
    alone = batch(rung, steps, dtype="float64")

    def selected(histories):
        return np.stack([histories[t, ..., n] for t, n in np.argwhere(mask)], axis=-1).reshape(*steps, -1)

    expected = run(alone, selected(values), selected(signals), None)
    for what in ("outputs", "input signals"):
        np.testing.assert_allclose(selected(found[what]), expected[what], rtol=1e-9, err_msg=what)
    for what in ("gradients", "means", "variances"):
        np.testing.assert_allclose(found[what], expected[what], rtol=1e-9, err_msg=what)


@every_rung
def test_torch_measures_the_same(rung):
    torch = pytest.importorskip("torch")
    mask = lengths_mask(LENGTHS)
    network, norm = batch(rung, dtype="float64"), torch.nn.BatchNorm1d(FEATURES, dtype=torch.float64)
    values, signals = numbers(network, len(LENGTHS))
    found = run(network, spoiled(values, mask), spoiled(signals, mask), mask)
    inputs = torch.tensor(np.moveaxis(values, -1, 1)[mask], requires_grad=True)
    outputs = norm(inputs)
    outputs.backward(torch.tensor(np.moveaxis(signals, -1, 1)[mask]))
    np.testing.assert_allclose(np.moveaxis(found["outputs"], -1, 1)[mask], outputs.detach(), rtol=1e-9)
    np.testing.assert_allclose(np.moveaxis(found["input signals"], -1, 1)[mask], inputs.grad, rtol=1e-7)
    np.testing.assert_allclose(found["means"], norm.running_mean, rtol=1e-9)
    np.testing.assert_allclose(found["variances"], norm.running_var, rtol=1e-9)


@every_rung
def test_torch_normalises_whole_entries_of_their_length_alike(rung):
    torch = pytest.importorskip("torch")
    mask, network = lengths_mask(LENGTHS), layer(rung, axes="all", dtype="float64")
    network.parameters.values[:] = np.random.default_rng(3).normal(size=network.parameters.size)
    values, signals = numbers(network, len(LENGTHS))
    found = run(network, spoiled(values, mask), spoiled(signals, mask), mask)
    gradients = np.zeros((2, STEPS, FEATURES))
    for entry, length in enumerate(LENGTHS):
        scale, shift = (
            torch.tensor(network.parameters[each][:length], requires_grad=True) for each in ("scale", "shift")
        )
        inputs = torch.tensor(values[:length, :, entry], requires_grad=True)
        if length == 0:
            continue
        outputs = torch.nn.functional.layer_norm(inputs, (length, FEATURES), scale, shift, 1e-5)
        outputs.backward(torch.tensor(signals[:length, :, entry]))
        np.testing.assert_allclose(found["outputs"][:length, :, entry], outputs.detach(), rtol=1e-9)
        np.testing.assert_allclose(
            found["input signals"][:length, :, entry], inputs.grad, rtol=1e-7, atol=1e-12
        )
        gradients[:, :length] += np.stack([scale.grad.numpy(), shift.grad.numpy()])
    np.testing.assert_allclose(found["gradients"], gradients.ravel(), rtol=1e-9)


@every_rung
@pytest.mark.parametrize("family", ["lstm", "gru"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_torch_packs_sequences_alike(rung, family, bidirectional):
    torch = pytest.importorskip("torch")
    lengths = [length for length in LENGTHS if length]  # torch refuses sequences without a step
    mask = lengths_mask(lengths)
    network = NETWORKS[family].func(rung, bidirectional=bidirectional, dtype="float64")
    module = getattr(torch.nn, family.upper())(
        FEATURES, 4, bidirectional=bidirectional, batch_first=True, dtype=torch.float64
    )
    for number, direction in enumerate(["forward", "backward"][: 1 + bidirectional]):
        prefix, suffix = f"layer_0.{direction}.", "_reverse" * number
        with torch.no_grad():
            for ours, theirs in (
                ("input_weights", "weight_ih"),
                ("recurrent_weights", "weight_hh"),
                ("biases", "bias_ih"),
            ):
                getattr(module, f"{theirs}_l0{suffix}").copy_(torch.tensor(network.parameters[prefix + ours]))
            bias = getattr(module, f"bias_hh_l0{suffix}")
            bias.zero_()
            if family == "gru":
                bias[-4:] = torch.tensor(network.parameters[prefix + "recurrent_biases"])
    values, signals = numbers(network, len(lengths))
    found = run(network, spoiled(values, mask), spoiled(signals, mask), mask)
    inputs = torch.tensor(np.moveaxis(values, -1, 0).copy(), requires_grad=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(module(packed)[0], batch_first=True)
    outputs.backward(torch.tensor(np.moveaxis(zero_masked_steps(signals, mask), -1, 0).copy()))
    np.testing.assert_allclose(np.moveaxis(found["outputs"], -1, 0), outputs.detach(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.moveaxis(found["input signals"], -1, 0), inputs.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["batch normalisation", "layer normalisation of all", "embedding", "lstm"])
@every_rung
def test_a_mask_that_does_not_fit_is_refused(name, rung):
    network = NETWORKS[name](rung)
    values, _ = numbers(network, 4)
    for mask in (np.ones((STEPS, 3), np.bool_), np.ones((STEPS, 4), np.int8)):
        network.step_mask = mask
        with pytest.raises(ValueError, match=rf"step_mask is .* expected bool of shape \({STEPS}, 4\)"):
            network.forward(values)


def test_a_single_step_has_no_variance():
    network = batch("o2")
    network.step_mask = np.eye(STEPS, 2, dtype=np.bool_) & np.array([True, False])
    with pytest.raises(ValueError, match="a batch of 1 step that is there has a single number per channel"):
        network.forward(numbers(network, 2)[0], training=True)
    assert np.isfinite(network.forward(numbers(network, 2)[0])).all()
