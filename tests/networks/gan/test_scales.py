"""Images at several sizes, and minibatch statistics: whole steps, rungs, resuming, and what is refused."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from networks.base.family import RUNGS
from networks.gan import Blueprint, GanSettings
from networks.gan.sizes import halved
from networks.gan.views import view_of
from nn import Shape
from nn.losses.adversarial import ADVERSARIAL_LOSSES, Relativistic
from nn.snapshot import load_latest, save
from tests.support.gan_pairs import CLASSES, IMAGE, SERIES, blueprint, trainer
from tests.support.gan_rounds import batch_of, check_steps, make_round

CONDITIONINGS = ["none", "inputs", "auxiliary", "projection"]
PENALTIES = ["none", "gradient", "r1", "r2", "r1_r2"]
SIZES = [IMAGE, Shape(8, 5, 2), Shape(16, 8, 1)]


def scaled(shape=IMAGE, **options):
    return blueprint(
        shape, **{"architecture": "convolution", "multi_scale": True, "normalisation": "none", **options}
    )


def learning(penalty="r1_r2", **options):
    return GanSettings(**{"penalty": penalty, "penalty_weight": 2.0, "batch_size": 4, **options})


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
@pytest.mark.parametrize("penalty", PENALTIES)
@settings(max_examples=2)
@given(
    seed=st.integers(0, 1000),
    loss=st.sampled_from(sorted(ADVERSARIAL_LOSSES)),
    shape=st.sampled_from(SIZES),
    group=st.sampled_from([0, 2]),
)
@example(seed=413, loss="hinge", shape=Shape(8, 5, 2), group=0)  # a kink beside a parameter
def test_steps_at_several_scales_descend_what_they_say(conditioning, penalty, seed, loss, shape, group):
    drawn = scaled(shape, conditioning=conditioning, classes=CLASSES, minibatch_statistics=group)
    check_steps(drawn, learning(penalty, loss=ADVERSARIAL_LOSSES[loss](), instance_noise=0.1), seed)


@pytest.mark.parametrize("architecture", ["dense", "lstm", "convolution_lstm", "convolution"])
@pytest.mark.parametrize("penalty", PENALTIES)
@settings(max_examples=2)
@given(
    seed=st.integers(0, 1000),
    loss=st.sampled_from(sorted(ADVERSARIAL_LOSSES)),
    group=st.sampled_from([2, 4]),
    sequences=st.booleans(),
)
def test_steps_with_statistics_descend_what_they_say(architecture, penalty, seed, loss, group, sequences):
    shape = SERIES if architecture == "lstm" else IMAGE
    drawn = blueprint(
        shape,
        architecture=architecture,
        minibatch_statistics=group,
        sequences=sequences,
        normalisation="none",
    )
    check_steps(drawn, learning(penalty, loss=ADVERSARIAL_LOSSES[loss](), instance_noise=0.1), seed)


@settings(max_examples=3)
@given(seed=st.integers(0, 1000), penalty=st.sampled_from(PENALTIES))
def test_normalisation_and_statistics_both_mix_entries(seed, penalty):
    drawn = scaled(Shape(16, 16, 1), minibatch_statistics=2, discriminator_normalisation="batch")
    check_steps(drawn, learning(penalty), seed)


@pytest.mark.parametrize("conditioning", ["inputs", "projection"])
def test_rungs_agree(conditioning):
    drawn = scaled(conditioning=conditioning, classes=CLASSES, minibatch_statistics=4, normalisation="batch")
    found = {}
    for rung in RUNGS:
        pair = trainer(drawn, rung=rung, dtype=np.float64, penalty="r1_r2", loss=Relativistic())
        pair.train(epochs=1)
        found[rung] = [network.parameters.values for network in pair.networks.values()]
    for rung in RUNGS[1:]:
        for theirs, plain in zip(found[rung], found[RUNGS[0]], strict=True):
            assert np.allclose(theirs, plain, rtol=1e-6, atol=1e-9)


@settings(max_examples=2)
@given(rounds=st.integers(1, 5), further=st.integers(1, 4))
def test_a_resumed_run_has_the_bits_of_an_undisturbed_one(tmp_path_factory, rounds, further):
    path = tmp_path_factory.mktemp("scales") / "run.safetensors"
    drawn = scaled(minibatch_statistics=2, dropout=0.2, normalisation="batch")
    undisturbed, first, second = (trainer(drawn, seed=seed, penalty="gradient") for seed in (1, 1, 9))
    for _ in range(rounds + further):
        undisturbed.make_round()
    for _ in range(rounds):
        first.make_round()
    save(path, *first.state())
    second.restore(load_latest(path))
    for _ in range(further):
        second.make_round()
    (wanted, _), (found, _) = undisturbed.state(), second.state()
    assert any("statistic" in name for name in wanted)
    assert wanted.keys() == found.keys()
    assert all(np.array_equal(array, found[name]) for name, array in wanted.items())


def test_views_of_images_are_means_of_their_pixels():
    view = view_of(scaled(Shape(16, 8, 2)))
    data = np.random.default_rng(0).normal(size=(16, 8, 2, 3))
    shown = view.of(data)
    assert np.array_equal(view.entries(shown), data)
    images = view.judged(shown, np.zeros((0, 3)))
    assert list(images) == ["16x8", "8x4", "4x4"]
    np.testing.assert_allclose(images["8x4"][1, 2], data[2:4, 4:6].mean(axis=(0, 1)))
    np.testing.assert_allclose(images["4x4"][1, 2], data[4:8, 4:6].mean(axis=(0, 1)))
    assert np.array_equal(view.judged_signals(images), shown)
    assert np.array_equal(view.made(view.made_signals(shown)), shown)
    region = np.zeros((16, 8, 2), bool)
    region[:5] = True
    for where, rows in ((view.where_all, (5, 2, 1)), (view.where_any, (5, 3, 2))):
        found = view.judged(where(region), np.zeros((0, 1))).values()
        assert [int(each[:, 0, 0, 0].sum()) for each in found] == list(rows)


def test_gradients_arrive_at_every_size():
    steps, _ = make_round(scaled(Shape(16, 8, 1)), learning())
    gan, seen = steps.gan, []
    backward = gan.generator.backward
    gan.generator.backward = lambda signals: (seen.append(signals), backward(signals))[1]
    steps.step_generator(batch_of(steps))
    assert list(seen[0]) == ["16x8", "8x4", "4x4"]
    assert all(np.abs(each).max() > 0 for each in seen[0].values())
    drawn = [name for name in gan.generator.parameters.names if name.startswith("convolution")]
    assert len({name.split(".")[0] for name in drawn}) == len(halved(Shape(16, 8, 1)))


@pytest.mark.parametrize("architecture", ["dense", "lstm", "convolution_lstm", "convolution"])
def test_statistics_are_of_real_and_generated_entries_apart(architecture):
    drawn = blueprint(IMAGE, architecture=architecture, minibatch_statistics=2)
    steps, _ = make_round(drawn, GanSettings(batch_size=4))
    batch = batch_of(steps)
    batch.data[...] = batch.data[..., :1]  # real entries that are all alike
    steps.step_discriminator(batch)
    (layer,) = (
        each for each in steps.gan.discriminator.leaves.values() if each.family == "minibatch_deviation"
    )
    real, generated = np.split(layer.measured.statistics, 2)
    np.testing.assert_allclose(real, 1e-4)
    assert generated.min() > 1e-3


def test_steps_that_are_not_there_do_not_count_in_statistics():
    drawn = blueprint(minibatch_statistics=2, sequences=True)
    steps, random = make_round(drawn, learning("r1"))
    mask = np.ones((6, 4), bool)
    mask[3:, 1] = mask[5:, 2] = False
    batch = batch_of(steps)._replace(mask=mask)
    found = []
    for data in (batch.data, np.where(mask[:, None], batch.data, 1e6)):
        random.rewind()
        steps.discriminator_optimizer.learning_rate = 0.0
        found.append(steps.step_discriminator(batch._replace(data=data)).loss)
    assert found[0] == pytest.approx(found[1], rel=1e-12)


@pytest.mark.parametrize(
    ("shape", "change", "message"),
    [
        (SERIES, {"architecture": "convolution"}, "multi_scale is for images and convolution on both sides"),
        (IMAGE, {"architecture": "lstm"}, "not for 8x8x1 and lstm"),
        (IMAGE, {"architecture": "convolution", "discriminator": "dense"}, "and convolution, dense"),
        (Shape(9, 9, 1), {"architecture": "convolution"}, "9x9x1 cannot be halved: give a side"),
    ],
)
def test_what_has_no_scales_is_refused(shape, change, message):
    with pytest.raises(ValueError, match=message):
        Blueprint(shape, multi_scale=True, **change)


def test_groups_that_do_not_fit_are_refused():
    for size in (1, -2, 2.0):
        with pytest.raises(ValueError, match=r"minibatch_statistics .* must be a whole number of at least 2"):
            Blueprint(SERIES, minibatch_statistics=size)
    with pytest.raises(ValueError, match="batches of 4 entries do not divide into groups of 3"):
        trainer(blueprint(minibatch_statistics=3))
