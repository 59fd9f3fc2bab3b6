"""The network of videos: rungs agree, states are handed on, order of frames, and what it refuses."""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.video import Blueprint, Sampling, VideoNetwork
from networks.video.network import FUTURE, INPUT
from networks.video.outputs import fold, unfold
from nn import Shape
from tests.support.video_networks import KINDS, READS, TASKS, AsOneArray, clips_for, network


def passes(made, clip):
    """Return the outputs of a forward in training, the gradients, and the signals of the clip."""
    whole = AsOneArray(made)
    outputs = whole.forward(clip, True).copy()
    made.parameters.zero_gradients()
    signals = np.cos(np.arange(outputs.size)).reshape(outputs.shape).astype(outputs.dtype)
    back = whole.backward(signals)
    return outputs, made.parameters.gradients.copy(), back


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5)
@given(
    reads=st.sampled_from(READS),
    task=st.sampled_from(TASKS),
    entries=st.sampled_from([1, 3, 16, 33]),
    steps_in=st.integers(1, 4),
    steps_out=st.integers(1, 3),
)
def test_rungs_agree(kind, reads, task, entries, **steps):
    plain, *others = (network(kind, reads, task, rung, **steps) for rung in ("plain", "o1", "o2"))
    clip = clips_for(plain, entries)
    wanted = passes(plain, clip)
    for other in others:
        assert other.parameters.names == plain.parameters.names
        assert np.array_equal(other.parameters.values, plain.parameters.values)
        for found, expected in zip(passes(other, clip), wanted, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reads", READS)
def test_a_second_pass_is_the_first_again(kind, reads):
    made = network(kind, reads)
    clip = clips_for(made, 4)
    if reads != "sampled":
        for one, other in zip(passes(made, clip), passes(made, clip), strict=True):
            assert np.array_equal(one, other)
    given_few, alone = passes(made, clip[..., :2])[0], passes(network(kind, reads), clip[..., :2])[0]
    if reads != "sampled":
        np.testing.assert_allclose(given_few, alone, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_all_states_are_handed_on(kind):
    made = network(kind, dtype=np.float64)
    clip = clips_for(made)
    made.forward(clip[: made.blueprint.steps_in])
    for head in made.heads.values():
        for layer, state in zip(head.stage.recurrent, made.encoder.final, strict=True):
            assert np.array_equal(layer.initial.hidden, state.hidden)
            assert np.array_equal(layer.initial.cells, state.cells)
            assert state.cells.any()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
@pytest.mark.parametrize("rung", ["plain", "o2"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_has_the_same_bits_and_shares_nothing(kind, rung, copied):
    made = network(kind, "sampled", rung=rung)
    clip = clips_for(made, 3)
    passes(made, clip)
    other = copied(made)
    for one, two in zip(passes(made, clip), passes(other, clip), strict=True):
        assert np.array_equal(one, two)
    before = passes(made, clip)[0]
    other.parameters.values[:] = 0
    passes(other, clip)
    assert made.parameters.values.any()
    assert not np.array_equal(before, 0 * before)


def test_hidden_values_alone_are_handed_on_where_asked():
    made = network(handed_on="hidden")
    made.forward(clips_for(made)[: made.blueprint.steps_in])
    layer = made.heads["prediction"].stage.recurrent[0]
    assert layer.initial.hidden.any()
    assert not layer.initial.cells.any()


def test_the_decoder_makes_the_last_frame_first():
    """With outputs that repeat the step's number, a decoder that runs backwards gives them reversed."""
    shown = {}
    for backwards in (True, False):
        made = network(reads="zeros", task="reconstruction", backwards=backwards, steps_in=4)
        outputs = made.forward(clips_for(made)[:4])
        shown[backwards] = outputs.copy()
    np.testing.assert_array_equal(shown[True], shown[False][::-1])


def test_true_frames_are_read_one_step_late_and_only_in_training():
    made = network(reads="true", task="prediction", steps_out=4)
    clip = clips_for(made)
    read, future = clip[:3], clip[3:]
    outputs = made.forward({INPUT: read, FUTURE: future}, True).copy()
    changed = future.copy()
    changed[1] += 1
    others = made.forward({INPUT: read, FUTURE: changed}, True)
    assert [np.array_equal(*pair) for pair in zip(outputs, others, strict=True)] == [True, True, False, False]
    alone = made.forward(read).copy()
    assert np.array_equal(made.forward({INPUT: read, FUTURE: changed}), alone)
    assert not np.array_equal(alone[1:], outputs[1:])


def test_a_sampled_truth_follows_its_curve_and_restores():
    sampling = Sampling("linear", start=1.0, end=0.0, steps=2)
    blueprint = Blueprint(Shape(4, 4, 1), steps_in=2, steps_out=5, units=3, inputs="true")
    made = VideoNetwork(blueprint, generator=np.random.default_rng(0), sampling=sampling)
    clip = np.random.default_rng(1).uniform(0, 1, (7, 4, 4, 1, 16)).astype(np.float32)
    given = {INPUT: clip[:2], FUTURE: clip[2:]}
    shares = []
    for _ in range(3):
        made.forward(given, True)
        shares.append(made.heads["prediction"]._shown.mean())
    assert shares[0] == 1
    assert 0.3 < shares[1] < 0.7
    assert shares[2] == 0
    carried = {name: array.copy() for name, array in made.state().items()}
    assert carried["forwards"] == 3
    made.forward(given)
    assert np.array_equal(made.state()["forwards"], carried["forwards"])
    made.forward(given, True)
    made.load_state(carried)
    assert made.state()["forwards"] == 3
    with pytest.raises(ValueError, match="carries forwards"):
        made.load_state({})
    assert network().state() == {}
    assert network().generators == {}


@pytest.mark.parametrize("curve", ["constant", "linear", "exponential", "inverse_sigmoid"])
def test_sampling_stays_a_probability_and_falls(curve):
    sampling = Sampling(curve, start=0.9, end=0.1, steps=50)
    found = [sampling.probability(step) for step in (0, 10, 25, 49, 50, 1000)]
    assert all(0.1 - 1e-9 <= each <= 0.9 for each in found)
    assert all(one >= other for one, other in pairwise(found))
    assert curve == "constant" or found[-1] == pytest.approx(0.1, abs=0.02)


@given(patch=st.integers(1, 3), rows=st.integers(1, 3), columns=st.integers(1, 3), channels=st.integers(1, 3))
def test_patches_are_pixels_of_more_channels(patch, rows, columns, channels):
    shape = 2, rows * patch, columns * patch, channels, 3
    frames = np.random.default_rng(0).normal(size=shape)
    folded = fold(frames, patch)
    assert folded.shape == (2, rows, columns, channels * patch**2, 3)
    assert np.array_equal(unfold(folded, patch), frames)
    np.testing.assert_array_equal(
        folded[1, 0, 0].reshape(patch, patch, channels, 3), frames[1, :patch, :patch]
    )


def test_what_does_not_fit_is_refused():
    made = network(reads="true")
    clip = clips_for(made)
    read, future = clip[:3], clip[3:]
    for given_, message in (
        ({INPUT: read}, "give them as the input future"),
        ({FUTURE: future}, "give the inputs input"),
        ({INPUT: read, "other": read}, "give the inputs input"),
        ({INPUT: read[:2], FUTURE: future}, "the input is"),
        ({INPUT: read, FUTURE: future[..., :1]}, "3 entries to read, 1 to come"),
        ({INPUT: read.astype(np.float64), FUTURE: future}, "float64, expected float32"),
    ):
        with pytest.raises(ValueError, match=message):
            made.forward(given_, True)


def test_clips_become_frames_in_the_order_of_users():
    made = network("patches", combination=("0-1", "sigmoid", "bce"))
    clips = np.random.default_rng(0).uniform(0, 1, (5, 4, 4, 4, 1)).astype(np.float32)
    frames = made.reconstruct_and_predict(clips, batch_size=2)
    assert {name: each.shape for name, each in frames.items()} == {
        "reconstruction": (5, 3, 4, 4, 1),
        "prediction": (5, 2, 4, 4, 1),
    }
    outputs = made.forward(np.ascontiguousarray(np.moveaxis(clips[:, :3], 0, -1)))
    wanted = made.frames(outputs)["prediction"]
    np.testing.assert_allclose(frames["prediction"], np.moveaxis(wanted, -1, 0), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="expected"):
        made.reconstruct_and_predict(clips[:, :2])
