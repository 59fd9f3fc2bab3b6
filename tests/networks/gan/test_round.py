"""Rounds: gradients of whole steps against differences, rungs, and which side moves when."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.base.family import RUNGS
from networks.gan import Gan, GanTrainer
from networks.gan.round import Batch, GanDiverged, Round
from networks.gan.settings import GanSettings
from nn import DataError
from nn.losses.adversarial import ADVERSARIAL_LOSSES, Relativistic, Wasserstein
from nn.optimizers import SGD
from tests.support.gan_pairs import CLASSES, IMAGE, SERIES, blueprint, entries, trainer

ARCHITECTURES = ["dense", "lstm", "bidirectional", "convolution_lstm", "convolution"]
CONDITIONINGS = ["none", "inputs", "auxiliary", "projection"]
PENALTIES = ["none", "gradient", "r1", "r2", "r1_r2"]


class Fixed:
    """A generator that draws the same every time it is wound back, and otherwise as NumPy's."""

    def __init__(self, seed):
        self._seed = seed
        self.rewind()

    def rewind(self):
        self._generator = np.random.default_rng(self._seed)

    def __getattr__(self, name):
        return getattr(self._generator, name)


def make_round(drawn, configuration, rung="o2", seed=0):
    pair = trainer(drawn, rung=rung, dtype=np.float64, seed=seed)
    random = Fixed(seed)
    steps = Round(pair.gan, configuration, random)
    steps.discriminator_optimizer = SGD(learning_rate=1.0)
    steps.generator_optimizer = SGD(learning_rate=1.0)
    return steps, random


def batch_of(steps, seed=3):
    gan = steps.gan
    data, labels = entries(gan.blueprint.data_shape, 4, np.float64, seed)
    conditions = gan.conditions(labels, 4) if gan.blueprint.conditions else np.zeros((0, 4))
    return Batch(np.ascontiguousarray(np.moveaxis(data, 0, -1)), conditions, None)


def objective(figures):
    return figures.loss + figures.penalty + figures.classification


def slopes(step, random, parameters, places):
    """Differences of what a step minimises, which moves no parameter as long as the rate is zero."""
    found = []
    for place in places:
        before, sides = parameters.values[place], []
        for sign in (1, -1):
            parameters.values[place] = before + sign * 1e-5
            random.rewind()
            sides.append(objective(step()))
        parameters.values[place] = before
        found.append((sides[0] - sides[1]) / 2e-5)
    return np.array(found)


def applied(step, random, parameters, optimizer):
    """The gradient that a step applies: plain descent of rate 1 subtracts it."""
    before = parameters.values.copy()
    optimizer.learning_rate = 1.0
    random.rewind()
    step()
    gradient = before - parameters.values
    parameters.values[:] = before
    optimizer.learning_rate = 0.0
    return gradient


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
    steps, random = make_round(drawn, configuration, seed=seed)
    batch = batch_of(steps, seed)
    for side in ("discriminator", "generator"):
        parameters = getattr(steps.gan, side).parameters
        step = lambda side=side: getattr(steps, f"step_{side}")(batch)  # noqa: E731
        gradient = applied(step, random, parameters, getattr(steps, f"{side}_optimizer"))
        places = np.random.default_rng(seed).permutation(parameters.size)[:6]
        wanted = slopes(step, random, parameters, places)
        assert np.allclose(gradient[places], wanted, rtol=2e-4, atol=1e-6), side
        if np.abs(wanted).max() > 0.01:
            assert not np.allclose(1.01 * gradient[places], wanted, rtol=2e-4, atol=1e-6)


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


@pytest.mark.parametrize("architecture", ["lstm", "convolution"])
def test_ignored_numbers_and_given_ones(architecture):
    region = np.zeros(IMAGE, bool)
    region[:4] = True
    drawn = blueprint(IMAGE, architecture=architecture, completes=True, normalisation="none")
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
    assert np.allclose(gradient[places], slopes(step, random, parameters, places), rtol=2e-4, atol=1e-8)


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
