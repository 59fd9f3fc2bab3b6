"""Training: an exact resume, what is recorded, why it ends, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.gan import Blueprint, Gan, GanSettings, GanTrainer
from nn import DataError, SequenceShape, Shape, SnapshotError
from nn.snapshot import load_latest, save
from tests.support.gan_pairs import CLASSES, IMAGE, SERIES, blueprint, entries, trainer

EVERYTHING = {
    "penalty": "r1",
    "instance_noise": 0.2,
    "noise_epochs": 2.0,
    "label_noise": 0.1,
    "balance": 0.05,
    "discriminator_steps": 2,
}


def pair(seed=1, **changes):
    drawn = blueprint(
        IMAGE,
        architecture="convolution",
        classes=CLASSES,
        conditioning="auxiliary",
        dropout=0.3,
        discriminator_normalisation="spectral",
    )
    return trainer(drawn, seed=seed, **{**EVERYTHING, **changes})


def bits(each):
    arrays, _ = each.state()
    return {name: array.copy() for name, array in arrays.items()}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@settings(max_examples=4)
@given(rounds=st.integers(1, 7), further=st.integers(1, 5))
def test_a_resumed_run_has_the_bits_of_an_undisturbed_one(tmp_path_factory, rounds, further):
    path = tmp_path_factory.mktemp("gan") / "run.safetensors"
    undisturbed, first, second = pair(), pair(), pair(seed=9)
    for _ in range(rounds + further):
        undisturbed.make_round()
    for _ in range(rounds):
        first.make_round()
    save(path, *first.state())
    second.restore(load_latest(path))
    for _ in range(further):
        second.make_round()
    assert same(bits(undisturbed), bits(second))
    assert [row.generator_loss for row in undisturbed.rows] == [row.generator_loss for row in second.rows]
    noise = np.random.default_rng(0)
    labels = np.arange(3)
    made = undisturbed.gan.generate(3, generator=noise, labels=labels)
    assert np.array_equal(made, second.gan.generate(3, generator=np.random.default_rng(0), labels=labels))


def test_a_snapshot_of_something_else_changes_nothing(tmp_path):
    path = tmp_path / "run.safetensors"
    save(path, *pair().state())
    others = {
        "saved from another network": trainer(blueprint(IMAGE, architecture="convolution")),
        "averages other parameters, or none": pair(averaging=0.0),
    }
    for message, other in others.items():
        before = bits(other)
        with pytest.raises(SnapshotError, match=message):
            other.restore(load_latest(path))
        assert same(before, bits(other))
    arrays, metadata = pair().state()
    for broken in ({}, {"gan": {**metadata["gan"], "step": -1}}, {"gan": {**metadata["gan"], "more": 1}}):
        save(path, arrays, broken)
        with pytest.raises(SnapshotError, match=r"gan|adversarial"):
            pair().restore(load_latest(path))


def test_every_epoch_has_a_row():
    each = trainer(generator_steps=2)
    seen = []
    each.train(epochs=3, on_epoch=[lambda trainer: seen.append(trainer.rows[-1].epoch)])
    assert seen == [1.0, 2.0, 3.0]
    assert [row.step for row in each.rows] == [3, 6, 9]
    assert each.reason == "done"
    assert all(row.generator_gradient > 0 and row.discriminator_gradient > 0 for row in each.rows)


def test_training_can_be_stopped_and_goes_on():
    each = trainer()
    reason = each.train(epochs=5, on_step=[lambda trainer: trainer.stop("enough")])
    assert (reason, each.step) == ("enough", 1)
    each.train(epochs=1)
    assert each.step == 3


def test_a_side_that_has_won_ends_the_run():
    each = trainer(loss_ratio_limit=1.0000001, ratio_patience=4)
    reason = each.train(epochs=100)
    assert each.step == 4
    assert "more than 1 times the other's for 4 rounds: one side has won" in reason


def test_instance_noise_falls_to_zero():
    each = trainer(instance_noise=0.5, noise_epochs=2.0)
    seen = []
    each.train(epochs=3, on_step=[lambda trainer: seen.append(trainer.round.instance_noise)])
    assert seen == pytest.approx([0.5 * max(0, 1 - n / 6) for n in range(9)], abs=1e-12)


def test_the_rate_of_the_generator_follows_the_losses():
    each = trainer(balance=0.1)
    each.train(epochs=30)
    start = each.settings.learning_rate
    rate = each.optimizers["generator"].learning_rate
    assert rate != start
    assert start / 10 <= rate <= start * 10
    assert each.rows[-1].generator_factor == pytest.approx(rate / start)


def test_the_averaged_generator_is_the_one_that_generates():
    each = trainer(averaging=0.9)
    each.train(epochs=2)
    gan, values = each.gan, each.gan.generator.parameters.values
    assert not np.array_equal(gan.averaged, values)
    first = gan.generate(3, generator=np.random.default_rng(0))
    kept, gan.averaged = gan.averaged, None
    raw = gan.generate(3, generator=np.random.default_rng(0))
    assert not np.array_equal(first, raw)
    values[:] = kept
    assert np.array_equal(gan.generate(3, generator=np.random.default_rng(0)), first)


@pytest.mark.parametrize("size", [14, 28, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("architecture", ["lstm", "convolution_lstm", "convolution"])
def test_sizes_are_an_argument_alone(architecture, size, channels):
    drawn = blueprint(Shape(size, size, channels), architecture=architecture)
    gan = Gan(drawn, generator=np.random.default_rng(0))
    made = gan.generate(2, generator=np.random.default_rng(1))
    assert made.shape == (2, size, size, channels)
    assert np.abs(made).max() <= 1
    scores = gan.discriminator.predict(made.reshape(2, *drawn.judged_shape))
    assert scores.shape == (2, 1, 1, 1)


@pytest.mark.parametrize("variables", [1, 5])
@pytest.mark.parametrize("steps", [5, 24])
@pytest.mark.parametrize(
    "architecture", ["dense", "lstm", "bidirectional", "convolution_lstm", "convolution"]
)
def test_series_of_any_length_and_width(architecture, steps, variables):
    drawn = blueprint(SequenceShape(steps, variables), architecture=architecture, output="sigmoid")
    each = trainer(drawn)
    each.train(epochs=1)
    made = each.gan.generate(2, generator=np.random.default_rng(1))
    assert made.shape == (2, steps, variables)
    assert 0 <= made.min() <= made.max() <= 1


def test_series_of_different_lengths():
    masks = np.arange(6) < np.array([6, 4, 2] * 4)[:, None]
    each = trainer(blueprint(sequences=True), masks=masks)
    each.train(epochs=1)
    made = each.gan.generate(3, generator=np.random.default_rng(0), masks=masks[:3])
    assert not made[1, 4:].any()
    assert not made[2, 2:].any()
    assert made[0].any(axis=1).all()


def refused(shape, message, **changes):
    data, labels = entries(shape)
    arguments = {"entries": data, "labels": labels, "masks": None, "drawn": blueprint(shape), **changes}
    gan = Gan(arguments["drawn"], generator=np.random.default_rng(0))
    with pytest.raises(DataError, match=message):
        GanTrainer(
            gan,
            arguments["entries"],
            arguments["labels"],
            arguments["masks"],
            settings=GanSettings(batch_size=4),
            generator=np.random.default_rng(0),
        )


def test_data_that_do_not_fit_are_refused():
    data, labels = entries(SERIES)
    spoiled = data.copy()
    spoiled[3, 2, 1] = np.nan
    refused(SERIES, r"entry 3 has a number that is not finite, at \[2, 1\]", entries=spoiled)
    refused(SERIES, r"entries are \(3, 2\), the networks are built for 6x2", entries=data[:, :3])
    refused(SERIES, "3 entries are fewer than a batch of 4", entries=data[:3], labels=labels[:3])
    conditional = blueprint(SERIES, classes=CLASSES, conditioning="inputs")
    refused(SERIES, "labels are missing: it makes entries of 3 classes", drawn=conditional, labels=None)
    refused(SERIES, "label 7 is not one of 3 classes", drawn=conditional, labels=np.full(12, 7))
    refused(SERIES, "masks must be bool", masks=np.ones((12, 6)))
    refused(
        IMAGE,
        "recurrent networks on both sides",
        masks=np.ones((12, 8), bool),
        drawn=blueprint(IMAGE, architecture="convolution"),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"architecture": "lstn"}, "did you mean lstm"),
        ({"conditioning": "inputs"}, "needs labels of two classes or more"),
        ({"units": 0}, "units 0 must be a whole number of at least 1"),
        ({"dropout": 1.0}, "dropout 1.0 must be at least 0 and below 1"),
        ({"normalisation": "spectral"}, "unknown gan: normalisation"),
    ],
)
def test_blueprints_that_cannot_be_built_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Blueprint(SERIES, **change)


def test_what_is_generated_needs_labels_that_there_are():
    gan = Gan(blueprint(classes=CLASSES, conditioning="inputs"), generator=np.random.default_rng(0))
    draw = np.random.default_rng(0)
    with pytest.raises(ValueError, match="labels are missing"):
        gan.generate(2, generator=draw)
    with pytest.raises(ValueError, match="label -1 is not one of 3 classes, 0 to 2"):
        gan.generate(2, generator=draw, labels=np.array([0, -1]))
    with pytest.raises(ValueError, match=r"labels must be whole numbers \(2,\)"):
        gan.generate(2, generator=draw, labels=np.array([0.5, 1]))


@pytest.mark.parametrize("architecture", ["lstm", "bidirectional", "convolution_lstm"])
def test_noise_of_an_entry_is_the_same_at_all_its_steps(architecture):
    drawn = blueprint(architecture=architecture, noise_per="entry")
    gan = Gan(drawn, generator=np.random.default_rng(0))
    noise = gan.draw_noise(3, np.random.default_rng(1))
    assert noise.shape == (6, 4, 3)
    assert (noise == noise[0]).all()
    assert len(np.unique(noise[0])) == 12
    other = Gan(blueprint(architecture=architecture), generator=np.random.default_rng(0))
    assert len(np.unique(other.draw_noise(3, np.random.default_rng(1)))) == 72


@pytest.mark.parametrize("side", [7, 8])
def test_convolutions_that_keep_the_size_drop_out_too(side: int):
    blueprint = Blueprint(Shape(side, side, 1), "convolution", channels=2, noise=3, dropout=0.5)
    network = Gan(blueprint, generator=np.random.default_rng(0)).discriminator
    real = np.random.default_rng(1).normal(size=(side, side, 1, 4)).astype(np.float32)
    scores = [network.forward(real, training=True).copy() for _ in range(2)]
    assert not np.array_equal(*scores)
