"""Rounds: gradients of whole steps against differences, rungs, and which side moves when."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import networks.gan.round as round_module
from networks.base.family import RUNGS
from networks.gan import Gan, GanTrainer
from networks.gan.round import GanDiverged, Round
from networks.gan.settings import GanSettings
from nn import DataError, Shape
from nn.losses.adversarial import ADVERSARIAL_LOSSES, Relativistic, Wasserstein
from nn.optimizers import SGD
from tests.support.gan_pairs import CLASSES, IMAGE, SERIES, blueprint, entries, trainer
from tests.support.gan_rounds import Fixed, applied, batch_of, check_steps, make_round, slopes_of

ARCHITECTURES = ["dense", "lstm", "bidirectional", "convolution_lstm", "convolution"]
CONDITIONINGS = ["none", "inputs", "auxiliary", "projection"]
PENALTIES = ["none", "gradient", "r1", "r2", "r1_r2"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("penalty", PENALTIES)
@settings(max_examples=2)
@given(
    seed=st.integers(0, 1000),
    loss=st.sampled_from(sorted(ADVERSARIAL_LOSSES)),
    conditioning=st.sampled_from(CONDITIONINGS),
    sequences=st.booleans(),
)
def test_steps_descend_what_they_say(architecture, penalty, seed, loss, conditioning, sequences):
    shape = SERIES if architecture in ("lstm", "bidirectional") else IMAGE
    drawn = blueprint(
        shape,
        architecture=architecture,
        conditioning=conditioning,
        classes=CLASSES,
        sequences=sequences,
        normalisation="none",
    )
    configuration = GanSettings(
        loss=ADVERSARIAL_LOSSES[loss](), penalty=penalty, penalty_weight=2.0, instance_noise=0.1, batch_size=4
    )
    check_steps(drawn, configuration, seed)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_rungs_agree(architecture):
    shape = SERIES if architecture in ("lstm", "bidirectional") else IMAGE
    drawn = blueprint(shape, architecture=architecture, conditioning="projection", classes=CLASSES)
    found = {}
    for rung in RUNGS:
        pair = trainer(drawn, rung=rung, dtype=np.float64, penalty="r1_r2", loss=Relativistic())
        pair.train(epochs=1)
        found[rung] = [network.parameters.values for network in pair.networks.values()]
    for rung in RUNGS[1:]:
        for theirs, plain in zip(found[rung], found[RUNGS[0]], strict=True):
            assert np.allclose(theirs, plain, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_each_side_moves_exactly_in_its_own_step(penalty):
    steps, _ = make_round(blueprint(), GanSettings(penalty=penalty, batch_size=4))
    gan, batch = steps.gan, batch_of(steps)
    for side, other in (("discriminator", "generator"), ("generator", "discriminator")):
        kept = getattr(gan, other).parameters.values.copy()
        moving = getattr(gan, side).parameters.values.copy()
        getattr(steps, f"step_{side}")(batch)
        assert np.array_equal(getattr(gan, other).parameters.values, kept)
        assert (getattr(gan, side).parameters.values != moving).mean() > 0.9


def test_weights_stay_within_their_limits():
    pair = trainer(loss=Wasserstein(), weight_limit=0.01, learning_rate=0.1)
    pair.train(epochs=1)
    assert np.abs(pair.gan.discriminator.parameters.values).max() <= np.float32(0.01)
    pair = trainer(max_norm=0.05, learning_rate=0.1)
    pair.train(epochs=1)
    weights = pair.gan.discriminator.parameters["0.layer_0.forward.input_weights"]
    assert np.linalg.norm(weights, axis=1).max() <= 0.05 * (1 + 1e-5)


def test_masked_steps_of_real_and_generated_entries_count_for_nothing():
    drawn = blueprint(sequences=True)
    steps, random = make_round(drawn, GanSettings(batch_size=4, penalty="r1"))
    mask = np.ones((6, 4), bool)
    mask[3:, 1] = mask[5:, 2] = False
    batch = batch_of(steps)._replace(mask=mask)
    garbage = np.where(mask[:, None], batch.data, 1e6)
    found = []
    for data in (batch.data, garbage):
        random.rewind()
        steps.discriminator_optimizer.learning_rate = steps.generator_optimizer.learning_rate = 0.0
        found.append(steps.step_discriminator(batch._replace(data=data)))
    assert found[0].loss == pytest.approx(found[1].loss, rel=1e-12)


def test_what_is_not_finite_is_refused_before_the_update():
    steps, _ = make_round(blueprint(), GanSettings(batch_size=4))
    batch = batch_of(steps)
    steps.gan.discriminator.parameters.values[0] = np.nan
    kept = steps.gan.discriminator.parameters.values.copy()
    with pytest.raises(GanDiverged, match="gan: the discriminator's loss or gradient is not finite"):
        steps.step_discriminator(batch)
    assert np.array_equal(steps.gan.discriminator.parameters.values, kept, equal_nan=True)


def test_smoothed_labels_ask_for_less():
    drawn, batch_size = blueprint(), 4
    losses = {}
    for smoothing in (0.0, 0.2):
        steps, _ = make_round(drawn, GanSettings(batch_size=batch_size, label_smoothing=smoothing))
        losses[smoothing] = steps.step_discriminator(batch_of(steps))
    assert losses[0.0].loss != losses[0.2].loss
    assert losses[0.0].real_score == losses[0.2].real_score
    noisy = replace(GanSettings(batch_size=4), label_noise=0.3)
    steps, _ = make_round(drawn, noisy)
    first = steps.step_discriminator(batch_of(steps)).loss
    steps, _ = make_round(drawn, noisy)
    assert steps.step_discriminator(batch_of(steps)).loss == first


@pytest.mark.parametrize(
    "networks",
    [
        {"architecture": "lstm"},
        {"architecture": "convolution"},
        {"architecture": "convolution", "multi_scale": True},
    ],
)
def test_ignored_numbers_and_given_ones(networks):
    region = np.zeros(IMAGE, bool)
    region[:4] = True
    drawn = blueprint(IMAGE, **networks, completes=True, normalisation="none")
    data, _ = entries(IMAGE, 4, np.float64)
    gan = Gan(drawn, generator=np.random.default_rng(0), dtype=np.float64, given=region)
    made = gan.generate(4, generator=np.random.default_rng(1), known=data)
    assert np.array_equal(made[:, region], data[:, region])
    assert not np.isclose(made[:, ~region], data[:, ~region]).any()
    other = gan.generate(4, generator=np.random.default_rng(1), known=-data)
    assert not np.isclose(made[:, ~region], other[:, ~region]).any()
    hidden = np.where(region, data, 7.0)
    assert np.array_equal(gan.generate(4, generator=np.random.default_rng(1), known=hidden), made)

    ignored = np.zeros(IMAGE, bool)
    ignored[:, :2] = True
    random = Fixed(5)
    steps = Round(gan, GanSettings(batch_size=4, penalty="r1"), random, ignored)
    steps.discriminator_optimizer = SGD(learning_rate=0.0)
    steps.generator_optimizer = SGD(learning_rate=0.0)
    batch = batch_of(steps)
    found = []
    for values in (batch.data, np.where((ignored & ~region)[..., None], 9.0, batch.data)):
        random.rewind()
        found.append(steps.step_discriminator(batch._replace(data=values)).loss)
    assert found[0] == found[1]
    parameters = gan.generator.parameters
    step = lambda: steps.step_generator(batch)  # noqa: E731
    gradient = applied(step, random, parameters, steps.generator_optimizer)
    places = np.random.default_rng(0).permutation(parameters.size)[:12]
    assert np.allclose(gradient[places], slopes_of(step, random, parameters, places), rtol=2e-4, atol=1e-8)


def test_regions_that_do_not_fit_are_refused():
    drawn = blueprint(IMAGE, completes=True)
    draw = np.random.default_rng(0)
    for region in (None, np.ones(IMAGE, bool), np.zeros((8, 8), bool), np.zeros(IMAGE)):
        with pytest.raises(ValueError, match=r"give which numbers are given: bool \(8, 8, 1\)"):
            Gan(drawn, generator=draw, given=region)
    with pytest.raises(ValueError, match="the blueprint does not complete entries"):
        Gan(blueprint(IMAGE), generator=draw, given=np.zeros(IMAGE, bool))
    gan = Gan(drawn, generator=draw, given=np.zeros(IMAGE, bool))
    with pytest.raises(ValueError, match="completes entries: give them as `known`"):
        gan.generate(2, generator=draw)
    with pytest.raises(ValueError, match=r"known entries are \(3, 8, 8, 1\)"):
        gan.generate(2, generator=draw, known=np.zeros((3, *IMAGE)))
    with pytest.raises(ValueError, match="completes nothing: give none as `known`"):
        Gan(blueprint(IMAGE), generator=draw).generate(2, generator=draw, known=np.zeros((2, *IMAGE)))
    with pytest.raises(DataError, match="what is ignored must be bool"):
        data, _ = entries(IMAGE)
        GanTrainer(
            Gan(blueprint(IMAGE), generator=draw),
            data,
            ignored=np.ones(IMAGE, bool),
            settings=GanSettings(batch_size=4),
            generator=draw,
        )


@pytest.mark.parametrize("penalty", ["none", "gradient", "r1"])
@pytest.mark.parametrize(
    "judge",
    [
        {"discriminator_normalisation": "batch"},
        {"discriminator_normalisation": "spectral"},
        {"dropout": 0.3},
        {"minibatch_statistics": 2},
    ],
)
def test_batches_of_another_size_change_no_bit(judge, penalty, monkeypatch):
    """A second discriminator with arrays of its own carries and draws what the only one would."""
    drawn = blueprint(Shape(16, 16, 1), architecture="convolution", **judge)
    pairs = [trainer(drawn, penalty=penalty)]
    monkeypatch.setattr(round_module, "_twin", lambda network: network)
    pairs.append(trainer(drawn, penalty=penalty))
    for pair in pairs:
        pair.train(epochs=2)
    (one, _), (other, _) = (pair.state() for pair in pairs)
    assert one.keys() == other.keys()
    assert all(np.array_equal(array, other[name]) for name, array in one.items())
    states = [
        {name: each.bit_generator.state for name, each in pair.gan.discriminator.generators.items()}
        for pair in pairs
    ]
    assert states[0] == states[1]
