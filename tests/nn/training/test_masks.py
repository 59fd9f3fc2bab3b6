"""Masks in training: masked numbers may be anything, and batches may be masked whole."""

import logging
from functools import partial

import numpy as np
import pytest

from autoencoder.model_commands import mean_squared_error
from networks import LSTM, Dense, Embedding
from networks.base.nodes import Call, Input
from networks.model import Model
from networks.normalisation_o2 import BatchNormalisation
from networks.sequential import Sequential
from networks.time_distributed import TimeDistributed
from nn.activations import Identity, Sigmoid
from nn.class_weights import balanced_class_weights
from nn.data.image_set import ImageSet
from nn.entries import to_history
from nn.losses import LOSSES, CategoricalCrossEntropyWithLogits, SquaredError, loss_by_name
from nn.metrics import MeanAbsoluteError, RootMeanSquaredError
from nn.optimizers import OPTIMIZERS, Adam, optimizer_by_name, optimizer_from_configuration
from nn.schedules import Plateau
from nn.shape import SequenceShape, Shape
from nn.training import (
    ArrayBatches,
    Batch,
    EarlyStopping,
    ImageBatches,
    Losses,
    Options,
    Prefetched,
    Race,
    Statistics,
    Trainer,
    TrainingDiverged,
    evaluate,
)
from tests.support.mask_garbage import garbage, spoil
from tests.support.tiny_training import make_images, make_network, make_trainer, snapshot_of
from workbench.inspect.examples import Images, squared_errors

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("one_thread")]

ENTRIES, STEPS, FEATURES = 12, 5, 3
LENGTHS = np.array([5, 3, 0, 1, 5, 2, 4, 5, 0, 1, 3, 2])
THERE = np.arange(STEPS) < LENGTHS[:, None]


def vectors(targets=2):
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(ENTRIES, 4)).astype(np.float32)
    return inputs, generator.uniform(0.1, 0.9, (ENTRIES, targets)).astype(np.float32)


def make_dense(targets=2, activation=Identity()):  # noqa: B008 - frozen
    generator = np.random.default_rng(1)
    return Dense(Shape(1, 1, 4), Shape(1, 1, targets), activation=activation, generator=generator)


def train(network, loss, source, epochs=2, **changes):
    """Train a network and return the trainer."""
    settings = {"optimizer": Adam(0.01), "batch_size": 4, "generator": np.random.default_rng(2), **changes}
    trainer = Trainer(network, loss, settings.pop("optimizer"), source, **settings)
    trainer.train(epochs=epochs)
    return trainer


def numbers(trainer):
    """The results of training: parameters and rows."""
    rows = [(row.training_loss, row.held_out_loss, row.metrics) for row in trainer.rows]
    return trainer.network.parameters.values.copy(), rows


# What does not count may be anything


@pytest.mark.parametrize("name", LOSSES)
def test_targets_that_do_not_count_change_no_bit(name):
    generator, loss = np.random.default_rng(3), loss_by_name(name)
    inputs, targets = vectors(1)
    activation = Sigmoid() if loss.output_range == (0, 1) else Identity()
    outputs = 3 if name.startswith("categorical") else 1
    if outputs == 3:
        targets = generator.integers(0, 3, ENTRIES)
    elif name in ("hinge", "wasserstein"):
        targets = np.sign(targets - 0.5)
    mask = np.arange(ENTRIES) % 3 != 1
    waste = garbage(targets.shape, np.float32, generator)
    if outputs == 3:
        waste = generator.choice([-100, 255, 3, 2**40, -(2**63)], ENTRIES)
    spoiled = np.where(mask.reshape(-1, *(1,) * (targets.ndim - 1)), targets, waste).astype(targets.dtype)
    held_out = ArrayBatches(inputs[::-1].copy(), spoiled[::-1].copy(), mask[::-1].copy())
    found, expected = (
        numbers(
            train(make_dense(outputs, activation), loss, ArrayBatches(inputs, each, mask), held_out=held_out)
        )
        for each in (spoiled, targets)
    )
    assert np.array_equal(found[0], expected[0])
    assert found[1] == expected[1]
    assert np.isfinite(found[0]).all()


def sequences():
    generator = np.random.default_rng(4)
    inputs = generator.normal(size=(ENTRIES, STEPS, FEATURES)).astype(np.float32)
    return inputs, generator.normal(size=(ENTRIES, STEPS, 2)).astype(np.float32)


def spoil_steps(array):
    return spoil(array, THERE.reshape(ENTRIES, STEPS, *(1,) * (array.ndim - 2)), np.random.default_rng(5))


def make_sequential():
    step = Dense.of(2, activation=Identity())
    layers = [LSTM.of(units=4), BatchNormalisation.of(), TimeDistributed.of(step)]
    return Sequential(SequenceShape(STEPS, FEATURES), layers, generator=np.random.default_rng(6))


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_fills_sequences_up_changes_no_bit(wrapped):
    inputs, targets = sequences()
    results = []
    for own_inputs, own_targets in ((inputs, targets), (spoil_steps(inputs), spoil_steps(targets))):
        source = ArrayBatches(own_inputs, own_targets, step_masks=THERE)
        callback = Statistics(interval=1, unit="steps")
        trainer = Trainer(
            make_sequential(),
            SquaredError(),
            Adam(0.01),
            Prefetched(source) if wrapped else source,
            source,
            batch_size=5,
            generator=np.random.default_rng(2),
            options=Options(metrics=[MeanAbsoluteError()]),
        )
        trainer.train(epochs=2, callbacks=[callback])
        results.append((*numbers(trainer), [row.numbers for row in callback.rows]))
    assert np.array_equal(results[0][0], results[1][0])
    assert results[0][1:] == results[1][1:]
    assert all(np.isfinite(list(row.values())).all() for row in results[0][2])


def test_tokens_and_labels_of_steps_that_are_not_there_may_be_any():
    generator = np.random.default_rng(7)
    tokens = generator.integers(0, 6, (ENTRIES, STEPS))
    labels = generator.integers(0, 2, (ENTRIES, STEPS))
    waste = generator.choice([-1, 6, 2**50], (ENTRIES, STEPS))

    def build():
        draws = np.random.default_rng(8)
        shape = SequenceShape(STEPS, 1)
        embedding = Embedding(shape, labels=6, features=3, generator=draws)
        return Sequential([embedding, LSTM(SequenceShape(STEPS, 3), units=2, generator=draws)])

    found, expected = (
        numbers(train(build(), CategoricalCrossEntropyWithLogits(), ArrayBatches(*each, step_masks=THERE)))
        for each in ((np.where(THERE, tokens, waste), np.where(THERE, labels, waste)), (tokens, labels))
    )
    assert np.array_equal(found[0], expected[0])
    assert found[1] == expected[1]


def test_numbers_that_count_are_still_refused_by_name():
    inputs, targets = sequences()
    for name in ("input", "target"):
        wrong = {"input": spoil_steps(inputs), "target": spoil_steps(targets)}
        wrong[name][6, 3, 1] = np.nan  # the last step that is there
        trainer = partial(train, make_sequential(), SquaredError(), epochs=1, options=Options(shuffled=False))
        with pytest.raises(
            TrainingDiverged, match=rf"{name} is nan at neuron \(3, 1\) for entry 2 \(number 6"
        ):
            trainer(ArrayBatches(wrong["input"], wrong["target"], step_masks=THERE))
    flat, answers = vectors()
    answers[5, 1] = np.inf
    mask = np.ones(answers.shape, np.float32)
    mask[5, 0] = 0
    with pytest.raises(TrainingDiverged, match=r"target is inf .* \(number 5 of the data\)"):
        train(make_dense(), SquaredError(), ArrayBatches(flat, answers, mask))
    mask[5] = 0
    train(make_dense(), SquaredError(), ArrayBatches(flat, answers, mask))


def test_labels_too_large_are_refused_where_they_count():
    labels = np.zeros((ENTRIES, STEPS), np.int64)
    labels[2, 4] = 2**40  # an entry without any step
    inputs, _ = sequences()
    ArrayBatches(inputs, labels, step_masks=THERE)
    labels[0, 0] = 2**40
    with pytest.raises(ValueError, match="targets hold whole numbers beyond 16777216"):
        ArrayBatches(inputs, labels, step_masks=THERE)


@pytest.mark.parametrize("wrong", [np.nan, -0.25, 1.25, np.inf])
def test_a_mask_is_looked_at_itself(wrong):
    inputs, targets = vectors()
    mask = np.ones(ENTRIES)
    mask[7] = wrong
    with pytest.raises(ValueError, match=rf"masks must be in \[0, 1\], .*: entry 7 has {wrong}"):
        ArrayBatches(inputs, targets, mask)


@pytest.mark.parametrize("shape", [(ENTRIES,), (ENTRIES, STEPS), (ENTRIES, STEPS, 2)])
@pytest.mark.parametrize("kind", [np.bool_, np.float32])
def test_targets_of_missing_steps_never_count_whatever_the_masks_say(shape, kind):
    inputs, targets = sequences()
    weights = np.random.default_rng(9).random(shape)
    mask = (weights > 0.3).astype(kind) if kind == np.bool_ else weights.astype(kind)
    batch = ArrayBatches(inputs, targets, mask, THERE).batch(np.arange(ENTRIES))
    expanded = mask.reshape(*shape, *(1,) * (3 - len(shape))) * THERE[..., None]
    found = np.broadcast_to(batch.mask, batch.targets.shape)[..., :ENTRIES]
    assert np.array_equal(np.moveaxis(found, -1, 0), np.broadcast_to(expanded, targets.shape))


def test_outputs_without_steps_have_no_mask_of_steps():
    """Vectors with as many numbers as there are steps are not sequences, nor are images of that height."""
    inputs, _ = sequences()
    targets = {
        "vector": np.zeros((ENTRIES, STEPS), np.float32),
        "image": np.zeros((ENTRIES, STEPS, 2, 1), np.float32),
        "steps": np.zeros((ENTRIES, STEPS, 1), np.float32),
        "labels": np.zeros((ENTRIES, STEPS), np.int64),
    }
    batch = ArrayBatches(inputs, targets, step_masks=THERE).batch(np.arange(3))
    assert set(batch.mask) == {"steps", "labels"}


def test_targets_nobody_asks_for_are_no_reason_for_a_warning(caplog):
    inputs, targets = vectors()
    targets[3] = 50
    mask = np.arange(ENTRIES) != 3
    with caplog.at_level(logging.WARNING):
        train(make_dense(activation=Sigmoid()), SquaredError(), ArrayBatches(inputs, targets, mask))
        train(make_dense(activation=Sigmoid()), SquaredError(), ArrayBatches(inputs, targets, mask * 0.0))
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        train(make_dense(activation=Sigmoid()), SquaredError(), ArrayBatches(inputs, targets))
    assert "the targets span" in caplog.text


def test_statistics_are_of_the_steps_that_are_there():
    inputs, targets = sequences()
    network, callback = make_sequential(), Statistics(interval=1, unit="steps")
    source = ArrayBatches(inputs, targets, step_masks=THERE)
    trainer = Trainer(
        network, SquaredError(), Adam(0.01), source, batch_size=ENTRIES, generator=np.random.default_rng(2)
    )
    trainer.make_step([callback])
    hidden = network.networks[0].values[..., :ENTRIES]
    there = hidden.any(axis=1)  # hidden values of an LSTM are zero only where no step is
    seen = np.moveaxis(hidden, 1, -1)[there]
    callback.on_step(trainer)
    row = callback.rows[0].numbers
    assert there.sum() == THERE.sum()
    assert row["0.mean"] == pytest.approx(seen.mean(), rel=1e-5)
    assert row["0.deviation"] == pytest.approx(seen.std(), rel=1e-5)
    assert row["0.dead"] == 0


def test_class_weights_are_those_of_the_labels_that_count():
    labels = np.array([[0, 1, 1, 255], [2, -1, 1, 0]])
    mask = np.array([[1, 1, 1, 0], [1, 0, 1, 1]], np.bool_)
    expected = balanced_class_weights(labels[mask], 3)
    np.testing.assert_allclose(balanced_class_weights(labels, 3, mask), expected)
    halves = balanced_class_weights(np.array([0, 0, 1]), 2, np.array([0.5, 0.5, 1.0]))
    np.testing.assert_allclose(halves, [1, 1])
    of_rows = balanced_class_weights(np.array([[0, 1, 1], [9, 9, 9]]), 2, np.array([True, False]))
    np.testing.assert_allclose(of_rows, [1.5, 0.75])
    with pytest.raises(ValueError, match="label 255 of entry 3"):
        balanced_class_weights(labels, 3, np.ones(2))
    with pytest.raises(ValueError, match=r"the weights have shape \(3,\), expected \(2, 4\)"):
        balanced_class_weights(labels, 3, np.ones(3))


def test_errors_of_images_are_those_of_the_pixels_that_count():
    images, names = np.full((3, 2, 2, 1), 51, np.uint8), ["a", "b", "c"]
    masks = np.array([[[1, 0], [1, 1]], [[0, 0], [0, 1]], [[0, 0], [0, 0]]], np.bool_)
    outputs = np.where(masks[..., None], 0.7, np.nan).astype(np.float32)
    assert mean_squared_error(ImageSet(images, names, masks), outputs) == pytest.approx(0.25, rel=1e-6)
    assert np.isnan(mean_squared_error(ImageSet(images[2:], names[2:], masks[2:]), outputs[2:]))
    inputs, counts = (to_history(each.astype(np.float32)) for each in (images / 255, masks[..., None]))
    view = Images(Batch(inputs, inputs, counts, entries=3), names)
    assert squared_errors(view, outputs) == [pytest.approx(0.25, rel=1e-6)] * 2 + [None]


# Where nothing counts, training goes on


def masked_source(entries=32, masked=slice(8, 16)):
    generator = np.random.default_rng(10)
    inputs = generator.normal(size=(entries, 4)).astype(np.float32)
    targets = generator.normal(scale=3, size=(entries, 2)).astype(np.float32)
    mask = np.ones(entries, np.bool_)
    mask[masked] = False
    targets[masked] = np.nan
    return ArrayBatches(inputs, targets, mask), inputs, targets, mask


@pytest.mark.parametrize("name", ["squared_error", "absolute_error", "huber"])
def test_an_evaluation_is_the_same_in_batches_of_any_size(name):
    source, inputs, targets, mask = masked_source()
    network, loss, metrics = make_dense(), loss_by_name(name), [RootMeanSquaredError(), MeanAbsoluteError()]
    part = ArrayBatches(inputs[mask], targets[mask])
    expected = evaluate(network, loss, part, 24, metrics)
    for batch_size in (32, 16, 8, 5, 3, 1):
        found = evaluate(network, loss, source, batch_size, metrics)
        assert found.loss == pytest.approx(expected.loss, rel=1e-6)
        assert found.metrics == pytest.approx(expected.metrics, rel=1e-6)


def test_nothing_to_evaluate_is_not_known():
    source, *_ = masked_source(masked=slice(None))
    found = evaluate(make_dense(), SquaredError(), source, 8, [MeanAbsoluteError()])
    assert found == (None, {"mean_absolute_error": None})


@pytest.mark.parametrize("batch_size", [1, 4, 8, 32])
def test_an_epoch_is_the_mean_over_what_counts(batch_size):
    source, inputs, targets, mask = masked_source()
    network = make_dense()
    optimizer = optimizer_by_name("sgd", 0.0)
    trainer = train(network, SquaredError(), source, 1, batch_size=batch_size, optimizer=optimizer)
    expected = evaluate(network, SquaredError(), ArrayBatches(inputs[mask], targets[mask]), 24).loss
    assert trainer.rows[-1].training_loss == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("size", [1, 3, 12])
def test_the_mean_of_several_outputs_is_over_what_counts_of_each(size):
    generator = np.random.default_rng(11)
    inputs, _ = vectors()
    targets = {
        "left": generator.normal(size=(ENTRIES, 2)).astype(np.float32),
        "right": generator.integers(0, 3, ENTRIES),
        "never": np.full((ENTRIES, 1), np.nan, np.float32),
    }
    masks = {"left": np.arange(ENTRIES) < 4, "right": np.arange(ENTRIES) % 5 == 0, "never": np.zeros(ENTRIES)}
    source = Input(4, generator=generator)
    ends = {
        name: Call(Dense.of(units, activation=Identity()), source, name=name)
        for name, units in (("left", 2), ("right", 3), ("never", 1))
    }
    model = Model(source, ends)
    parts = {"left": SquaredError(), "right": CategoricalCrossEntropyWithLogits(), "never": SquaredError()}
    losses = Losses(parts, {"right": 0.5, "never": 7})
    batches = ArrayBatches(inputs, targets, masks)
    whole = batches.batch(np.arange(ENTRIES))
    total, signals = losses(model.forward(whole.inputs), whole.targets, entries=ENTRIES, mask=whole.mask)
    assert not signals["never"].any()
    optimizer = optimizer_by_name("sgd", 0.0)
    trainer = train(model, losses, batches, 1, batch_size=size, optimizer=optimizer, held_out=batches)
    assert trainer.rows[-1].training_loss == pytest.approx(total, rel=1e-6)
    assert trainer.rows[-1].held_out_loss == pytest.approx(total, rel=1e-6)


def test_training_goes_on_past_batches_and_held_out_data_of_which_nothing_counts():
    source, *_ = masked_source()
    nothing, *_ = masked_source(8, slice(None))
    stopping = EarlyStopping("held_out_loss", patience=3, restore_best=True)
    trainer = Trainer(
        make_dense(), SquaredError(), Adam(0.01), source, nothing, batch_size=8,
        generator=np.random.default_rng(2), schedule=Plateau(patience=0), options=Options(shuffled=False),
    )  # fmt: skip
    trainer.train(epochs=10, callbacks=[stopping])
    assert [row.held_out_loss for row in trainer.rows] == [None] * 3  # an unknown number is not progress
    assert all(np.isfinite(row.training_loss) for row in trainer.rows)
    assert trainer.schedule.state()["best"] is None
    assert len(trainer.log.curve.steps) == 9  # the second batch of every epoch has no loss
    resumed = Trainer(
        make_dense(), SquaredError(), Adam(0.01), source, nothing, batch_size=8,
        generator=np.random.default_rng(2), schedule=Plateau(patience=0),
    )  # fmt: skip
    resumed.restore(snapshot_of(trainer))
    assert resumed.rows == trainer.rows


def test_a_whole_source_of_which_nothing_counts_leaves_a_network_as_it_is():
    source, *_ = masked_source(masked=slice(None))
    for name in OPTIMIZERS.keys() - {"adamw"}:  # weights decay whatever the gradients are
        network = make_dense()
        before = network.parameters.values.copy()
        trainer = train(network, SquaredError(), source, 2, optimizer=optimizer_by_name(name, 0.1))
        assert [row.training_loss for row in trainer.rows] == [None, None]
        assert trainer.log.last_loss is None
        assert not trainer.log.curve.steps
        assert trainer.step == 16
        assert np.array_equal(network.parameters.values, before), name


def test_a_race_of_which_nothing_counts_has_no_winner():
    nothing, *_ = masked_source(8, slice(None))
    source, *_ = masked_source()
    trainer = Trainer(
        make_dense(), SquaredError(), Adam(0.01), source, nothing, batch_size=8,
        generator=np.random.default_rng(2),
    )  # fmt: skip
    trainer.train(epochs=1, callbacks=[Race(2, judge="held_out")])
    assert trainer.optimizer.learning_rate == 0.01


@pytest.mark.parametrize("name", ["momentum", "adam", "adamw"])
def test_torch_steps_with_gradients_of_zero_alike(name):
    torch = pytest.importorskip("torch")
    source, inputs, targets, mask = masked_source(12, slice(4, 8))
    network = make_dense()
    ours, theirs = {
        "momentum": ({"name": "sgd", "momentum": 0.9}, lambda p: torch.optim.SGD(p, 0.05, momentum=0.9)),
        "adam": ({"name": "adam"}, lambda p: torch.optim.Adam(p, 0.05)),
        "adamw": (
            {"name": "adamw", "weight_decay": 0.1},
            lambda p: torch.optim.AdamW(p, 0.05, weight_decay=0.1),
        ),
    }[name]
    linear = torch.nn.Linear(4, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(network.parameters["weights"].reshape(2, 4)))
        linear.bias.copy_(torch.tensor(network.parameters["biases"].reshape(2)))
    optimizer = theirs(linear.parameters())
    for begin in (0, 4, 8):
        part = slice(begin, begin + 4)
        optimizer.zero_grad()
        outputs = linear(torch.tensor(inputs[part]))
        chosen = torch.tensor(mask[part])
        errors = (outputs[chosen] - torch.tensor(targets[part])[chosen]) ** 2
        (errors.sum() / max(1, errors.numel())).backward()
        optimizer.step()
    trainer = Trainer(
        network, SquaredError(), optimizer_from_configuration({**ours, "learning_rate": 0.05}), source,
        batch_size=4, generator=np.random.default_rng(2), options=Options(shuffled=False),
    )  # fmt: skip
    trainer.train(epochs=1)
    found = network.parameters["weights"].reshape(2, 4)
    np.testing.assert_allclose(found, linear.weight.detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_sequences_without_a_step_are_learned_from_as_nothing(batch_size):
    inputs, targets = sequences()
    order = np.argsort(LENGTHS, kind="stable")  # the two without any step come first
    source = ArrayBatches(spoil_steps(inputs), spoil_steps(targets), step_masks=THERE).select(order)
    layers = [LSTM.of(units=4), TimeDistributed.of(Dense.of(2, activation=Identity()))]
    network = Sequential(SequenceShape(STEPS, FEATURES), layers, generator=np.random.default_rng(6))
    trainer = train(
        network, SquaredError(), source, 1, batch_size=batch_size, options=Options(shuffled=False),
        held_out=source, optimizer=optimizer_by_name("sgd", 0.0),
    )  # fmt: skip
    expected = evaluate(network, SquaredError(), source, ENTRIES).loss
    assert trainer.rows[-1].training_loss == pytest.approx(expected, rel=1e-6)
    assert trainer.rows[-1].held_out_loss == pytest.approx(expected, rel=1e-6)


def test_images_masked_whole_are_left_out():
    images = make_images(12)
    masks = np.ones(images.shape[:3], np.bool_)
    masks[:6] = False
    network = make_network()
    whole = evaluate(network, SquaredError(), ImageBatches(images, masks), 3).loss
    assert whole == pytest.approx(
        evaluate(network, SquaredError(), ImageBatches(images[6:]), 6).loss, rel=1e-6
    )
    trainer = make_trainer(batches=ImageBatches(images, masks), batch_size=3)
    trainer.train(epochs=2)
    assert all(np.isfinite(row.training_loss) for row in trainer.rows)


def test_a_source_of_its_own_may_mask_a_batch_whole():
    class Once:
        def __len__(self):
            return 6

        def batch(self, indices):
            values = np.full((1, 1, 4, 16), 0.5, np.float32)
            targets = np.full((1, 1, 2, 16), np.nan, np.float32)
            return Batch(values, targets, np.zeros((1, 1, 1, 16), np.float32), len(indices))

    trainer = train(make_dense(), SquaredError(), Once(), 1, batch_size=3)
    assert trainer.rows[-1].training_loss is None


@pytest.mark.parametrize("masked", [False, True])
def test_numbers_of_steps_given_as_rows_do_not_count_where_no_step_is(masked):
    """A row of numbers belongs to steps where the network's outputs do."""
    inputs, targets = sequences()
    mask = np.arange(ENTRIES) % 4 != 3 if masked else None

    def build():
        generator = np.random.default_rng(6)
        return LSTM(SequenceShape(STEPS, FEATURES), units=1, generator=generator)

    spoiled = spoil_steps(targets)[..., 0].copy()
    rows = ArrayBatches(inputs, spoiled, mask, THERE)
    columns = ArrayBatches(inputs, targets[..., :1].copy(), mask, THERE)
    found, expected = (
        numbers(train(build(), SquaredError(), each, held_out=each)) for each in (rows, columns)
    )
    assert np.array_equal(found[0], expected[0])
    assert found[1] == expected[1]
