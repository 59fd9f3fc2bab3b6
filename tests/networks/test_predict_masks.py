"""Predicting padded sequences with masks of their steps, like forward and PyTorch's packed sequences."""

import importlib

import numpy as np
import pytest

from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.estimators import Classifier, Compressor, Regressor
from networks.gru import GRU
from networks.ladder import FAMILIES, RUNGS
from networks.lstm import LSTM
from networks.model import Model
from networks.sequential import Sequential
from networks.time_distributed import TimeDistributed
from nn.entries import to_history
from nn.shape import SequenceShape, Shape, VideoShape

STEPS, FEATURES, ENTRIES = 6, 3, 16
SEQUENCE = SequenceShape(STEPS, FEATURES)


def draws():
    return np.random.default_rng(2)


def padded_sequences(filling=0.0, shape=SEQUENCE):
    """Return sequences of 1 to all steps, and which are there."""
    generator = np.random.default_rng(1)
    lengths = generator.integers(1, shape[0] + 1, ENTRIES)
    masks = np.arange(shape[0]) < lengths[:, None]
    sequences = generator.normal(size=(ENTRIES, *shape)).astype(np.float32)
    sequences[~masks] = filling
    return sequences, masks


def forward(network, sequences, masks):
    network.reset()
    network.step_mask = np.ascontiguousarray(masks.T)
    outputs = np.moveaxis(network.forward(to_history(sequences)), -1, 0).copy()
    network.step_mask = None
    return outputs


RECURRENT = [(family, rung) for family in ("lstm", "gru", "convolutional_lstm") for rung in RUNGS]


@pytest.mark.parametrize(("family", "rung"), RECURRENT)
@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_predict_with_masks_is_forward_with_masks(family, rung, stateful, whole):
    kind = FAMILIES[family].rungs[rung]
    video = family == "convolutional_lstm"
    options = {"channels": 2, "kernel": 3} if video else {"units": 4, "bidirectional": not stateful}
    shape = VideoShape(3, 4, 3, 2) if video else SEQUENCE
    network = kind(shape, generator=draws(), whole_sequence=whole, stateful=stateful, **options)
    sequences, masks = padded_sequences(np.nan, shape)
    expected = forward(network, sequences, masks)
    for batch_size in (256, 16, 5, 1):
        found = network.predict(sequences, batch_size, step_masks=masks)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert network.step_mask is None
    np.testing.assert_array_equal(network.predict(sequences, step_masks=masks), expected)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padded_sequences_are_those_that_torch_packs(kind, bidirectional):
    torch = pytest.importorskip("torch")
    peer = importlib.import_module(f"tests.networks.test_{kind.lower()}_torch")
    network = {"LSTM": LSTM, "GRU": GRU}[kind](
        SEQUENCE, units=4, bidirectional=bidirectional, generator=draws()
    )
    reference = peer.same_module(network)
    sequences, masks = padded_sequences()
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(sequences), torch.tensor(masks.sum(axis=1)), batch_first=True, enforce_sorted=False
    )
    reference.batch_first = True
    outputs, _ = reference(packed)
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=STEPS)
    found = network.predict(sequences, step_masks=masks).reshape(ENTRIES, STEPS, -1)
    np.testing.assert_allclose(found, expected.detach().numpy(), atol=1e-6)
    assert np.abs(network.predict(sequences).reshape(found.shape) - found).max() > 0.01


def reading_steps(kind, rung):
    """Return a network that reads the masks of steps, of a family that need not."""
    if kind == "embedding":
        made = FAMILIES[kind].rungs[rung](SequenceShape(STEPS, 1), labels=5, features=3, generator=draws())
    elif kind == "time_distributed":
        made = TimeDistributed(SEQUENCE, FAMILIES["batch_normalisation"].rungs[rung].of())
    else:
        made = FAMILIES[kind].rungs[rung](SEQUENCE)
    assert made.masks_steps
    return made


@pytest.mark.parametrize(
    "kind", ["embedding", "layer_normalisation", "batch_normalisation", "time_distributed"]
)
@pytest.mark.parametrize("rung", RUNGS)
def test_all_that_reads_steps_predicts_with_masks(kind, rung):
    network = reading_steps(kind, rung)
    sequences, masks = padded_sequences(np.nan, network.input_shape)
    if network.labels is not None:
        sequences = np.where(masks[..., None], np.arange(STEPS)[:, None] % 5, 77).astype(np.float32)
    expected = forward(network, sequences, masks)
    for batch_size in (256, 16, 5, 1):
        found = network.predict(sequences, batch_size, step_masks=masks)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert not found[~masks].any()


def chained():
    layers = [TimeDistributed.of(Dense.of(4)), LSTM.of(units=3, whole_sequence=False)]
    return Sequential(SEQUENCE, layers, generator=draws())


def wired():
    sequence, vector = Input(SEQUENCE), Input(Shape(1, 1, 2))
    read = Call(LSTM(SEQUENCE, units=3, generator=draws(), whole_sequence=False), sequence, name="read")
    last = FAMILIES["concatenate"].rungs["plain"]([read.shape, vector.shape])
    return Model({"sequence": sequence, "vector": vector}, Call(last, read, vector))


def test_networks_of_networks_hand_the_masks_on():
    network, (sequences, masks) = chained(), padded_sequences(np.nan)
    np.testing.assert_array_equal(
        network.predict(sequences, step_masks=masks), forward(network, sequences, masks)
    )


def test_a_model_of_several_inputs_hands_the_masks_on():
    model, (sequences, masks) = wired(), padded_sequences(np.nan)
    vectors = np.ones((ENTRIES, 1, 1, 2), np.float32)
    found = model.predict({"sequence": sequences, "vector": vectors}, 5, step_masks=masks)
    reader = model.named["read"]
    np.testing.assert_allclose(
        found[..., :3], reader.predict(sequences, step_masks=masks), rtol=1e-5, atol=1e-6
    )
    assert (found[..., 3:] == 1).all()


def test_entries_without_any_step_are_the_network_at_rest():
    network, (sequences, masks) = chained(), padded_sequences(np.nan)
    masks[3] = False
    sequences[3] = np.inf
    assert not network.predict(sequences, 4, step_masks=masks)[3].any()


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (np.ones((ENTRIES, STEPS), int), r"step masks are int64 \(16, 6\), expected bool \(N, steps\)"),
        (np.ones(ENTRIES, bool), r"expected bool \(N, steps\)"),
        (np.ones((3, STEPS), bool), "16 entries, but step masks for 3"),
        (
            np.ones((ENTRIES, STEPS + 1), bool),
            r"step_mask is bool of shape \(7, 16\), expected bool of shape \(6, 16\)",
        ),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, message):
    sequences, _ = padded_sequences()
    vectors = np.ones((ENTRIES, 1, 1, 2), np.float32)
    with pytest.raises(ValueError, match=message):
        chained().predict(sequences, step_masks=masks)
    with pytest.raises(ValueError, match=message):
        wired().predict({"sequence": sequences, "vector": vectors}, step_masks=masks)


def test_networks_without_steps_have_nothing_to_mask():
    network = Dense(Shape(1, 1, 3), Shape(1, 1, 2), generator=draws())
    with pytest.raises(ValueError, match="has no steps that a mask could leave out"):
        network.predict(np.ones((2, 3)), step_masks=np.ones((2, 1), bool))
    assert network.step_mask is None


def test_what_is_there_must_be_finite():
    sequences, masks = padded_sequences(np.nan)
    sequences[2, 0, 1] = np.nan
    with pytest.raises(ValueError, match="entry 2 is nan at step 0, feature 1"):
        chained().predict(sequences, step_masks=masks)
    with pytest.raises(ValueError, match="is nan at step"):
        chained().predict(padded_sequences(np.nan)[0])


def build(inputs, outputs, generator):
    """Return a network that reads sequences."""
    layers = [LSTM.of(units=4, whole_sequence=False), Dense.of(outputs)]
    return Sequential(inputs, layers, generator=generator)


@pytest.mark.parametrize("kind", [Classifier, Regressor])
@pytest.mark.parametrize("weights", [None, np.arange(ENTRIES) % 3])
def test_estimators_learn_and_predict_what_is_there(kind, weights):
    sequences, masks = padded_sequences(np.nan)
    clean = np.where(masks[..., None], sequences, 7)
    targets = np.arange(ENTRIES) % 2
    options = {"network": build, "epochs": 3, "batch_size": 4}
    estimator = kind(**options).fit(sequences, targets, weights, step_masks=masks)
    other = kind(**options).fit(clean, targets, weights, step_masks=masks)
    found = estimator.predict(sequences, step_masks=masks)
    np.testing.assert_array_equal(found, other.predict(clean, step_masks=masks))
    outputs = estimator.network_.predict(sequences, step_masks=masks).reshape(ENTRIES, -1)
    if kind is Classifier:
        np.testing.assert_array_equal(found, outputs.argmax(axis=1))
        probabilities = estimator.predict_proba(sequences, step_masks=masks)
        np.testing.assert_array_equal(probabilities.argmax(axis=1), found)
    else:
        np.testing.assert_array_equal(found, outputs[:, 0])
    assert estimator.score(sequences, targets, step_masks=masks) == other.score(
        clean, targets, step_masks=masks
    )
    with pytest.raises(ValueError, match="is nan at step"):
        estimator.predict(sequences)
    with pytest.raises(ValueError, match="but there are step masks for 2 entries"):
        kind(**options).fit(sequences, targets, step_masks=masks[:2])


def test_a_compressor_codes_what_is_there():
    def halves(inputs, outputs, generator):
        reader = LSTM(inputs, units=2, generator=generator)
        return Sequential(
            {"encoder": reader, "decoder": LSTM(reader.output_shape, units=3, generator=generator)}
        )

    sequences, masks = padded_sequences(np.nan)
    clean = np.where(masks[..., None], sequences, 7)
    codes = Compressor(network=halves, epochs=2).fit_transform(sequences, step_masks=masks)
    again = Compressor(network=halves, epochs=2).fit(clean, step_masks=masks)
    np.testing.assert_array_equal(codes, again.transform(clean, step_masks=masks))
    rebuilt = again.inverse_transform(codes, step_masks=masks)
    np.testing.assert_array_equal(rebuilt, again.network_.predict(clean, step_masks=masks))
    spreads = [sequences[masks[:, t], t] - sequences[masks[:, t], t].mean(axis=0) for t in range(STEPS)]
    spread = sum(np.sum(each**2) for each in spreads)
    share = 1 - np.sum((sequences - rebuilt)[masks] ** 2) / spread
    assert again.score(sequences, step_masks=masks) == pytest.approx(share, rel=1e-6)
    with pytest.raises(ValueError, match="is nan at step"):
        again.score(sequences)
