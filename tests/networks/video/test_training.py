"""Training networks of videos: learning, exact resume, stops with a reason, errors in named units."""

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.video import (
    Blueprint,
    ClipBatches,
    Sampling,
    VideoNetwork,
    in_all_units,
    measure,
    video_trainer,
)
from networks.video.blueprint import COMBINATIONS
from nn import Adam, DataError, RMSprop, Shape, TrainingDiverged
from nn.clipping import ClipByGlobalNorm
from nn.regularizers import L2
from nn.schedules import schedule_by_name
from nn.snapshot import load_latest, save
from tests.support.video_networks import READS, TASKS, settings_of

SAMPLING = Sampling("linear", start=1.0, end=0.2, steps=10)


def moving_squares(count=24, steps=5, seed=0):
    """Squares of 2 pixels that move right on frames of 6, uint8 (count, steps, 6, 6, 1)."""
    generator = np.random.default_rng(seed)
    clips = np.zeros((count, steps, 6, 6, 1), np.uint8)
    starts = generator.integers(0, (5, 6), (count, 2))
    for clip, (top, left) in zip(clips, starts, strict=True):
        for t in range(steps):
            clip[t, top : top + 2, [(left + t) % 6, (left + t + 1) % 6]] = 255
    return clips


def trainer(kind="lstm", reads="own", optimizer=None, seed=1, clips=None, **fields):
    """A trainer on moving squares, with everything that has to be resumed."""
    fields = settings_of(kind, reads, **{"frame": Shape(6, 6, 1), "units": 6, **fields})
    blueprint = Blueprint(**fields)
    network = VideoNetwork(blueprint, generator=np.random.default_rng(seed), sampling=SAMPLING)
    batches = ClipBatches(moving_squares() if clips is None else clips, blueprint)
    return video_trainer(
        network,
        optimizer or Adam(0.01),
        batches,
        ClipBatches(moving_squares(5, seed=1), blueprint),
        batch_size=7,
        generator=np.random.default_rng(seed + 1),
        weights=dict.fromkeys(blueprint.heads, 0.5),
        clipping=ClipByGlobalNorm(1.0),
        regularizers=[L2(1e-4)],
        schedule=schedule_by_name("cosine"),
    )


def bits(each):
    return {name: array.copy() for name, array in each.state()[0].items()}


@pytest.mark.parametrize("reads", READS)
@settings(max_examples=3)
@given(kind=st.sampled_from(["adapters", "patches"]), steps=st.integers(1, 5), further=st.integers(1, 4))
def test_a_resumed_run_has_the_bits_of_an_undisturbed_one(tmp_path_factory, kind, reads, steps, further):
    path = tmp_path_factory.mktemp("video") / "run.safetensors"
    undisturbed, first, second = trainer(kind, reads), trainer(kind, reads), trainer(kind, reads, seed=9)
    for _ in range(steps + further):
        undisturbed.advance()
    for _ in range(steps):
        first.advance()
    save(path, *first.state())
    second.restore(load_latest(path))
    for _ in range(further):
        second.advance()
    wanted, found = bits(undisturbed), bits(second)
    assert wanted.keys() == found.keys()
    assert all(np.array_equal(wanted[name], found[name]) for name in wanted)
    assert [r.training_loss for r in undisturbed.rows] == [r.training_loss for r in second.rows]


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
@pytest.mark.parametrize("reads", READS)
def test_it_learns_where_squares_go(reads, combination):
    each = trainer("lstm", reads, RMSprop(0.01), combination=combination, units=24, factor=1.0)
    before = measure(each.network, each.held_out)
    each.train(epochs=40)
    after = measure(each.network, each.held_out)
    for head in ("reconstruction", "prediction"):
        assert after[head]["mse_per_frame"] < 0.75 * before[head]["mse_per_frame"]
    row = each.rows[-1]
    assert row.metrics["prediction_mse_per_frame"] == pytest.approx(after["prediction"]["mse_per_frame"])
    assert row.metrics["reconstruction_nats_per_frame"] == pytest.approx(
        after["reconstruction"]["nats_per_frame"]
    )


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
def test_errors_are_in_the_units_that_their_names_say(task, combination):
    each = trainer(task=task, combination=combination)
    network, clips = each.network, moving_squares(5, seed=1) / np.float64(255)
    low, high = network.blueprint.limits
    shown = (clips * (high - low) + low).astype(np.float32)
    frames = {name: made.astype(np.float64) for name, made in network.reconstruct_and_predict(shown).items()}
    found = measure(network, ClipBatches(clips, network.blueprint), batch_size=3)
    assert list(found) == list(network.heads)
    for head, made in frames.items():
        truth = clips[:, :3] if head == "reconstruction" else clips[:, 3:]
        scaled = (made - low) / (high - low)
        squared = ((scaled - truth) ** 2).sum() / (truth.shape[0] * truth.shape[1])
        inside = np.clip(scaled, np.finfo(np.float32).eps, 1 - np.finfo(np.float32).eps)
        cross = -(truth * np.log(inside) + (1 - truth) * np.log1p(-inside)).sum()
        nats = cross / (truth.shape[0] * truth.shape[1])
        wanted = in_all_units("mse", squared, network.blueprint, head)
        wanted |= in_all_units("nats", nats, network.blueprint, head)
        assert found[head].keys() == wanted.keys()
        assert wanted["mse_per_sequence"] == pytest.approx(squared * truth.shape[1])
        assert wanted["nats_per_pixel"] == pytest.approx(nats / 36)
        for name, value in wanted.items():
            assert found[head][name] == pytest.approx(value, rel=2e-3), name


def test_numbers_that_are_not_finite_stop_training_with_the_reason():
    each = trainer(optimizer=Adam(0.01))
    each.advance()
    before = each.network.parameters.values.copy()
    each.network.parameters["prediction.writer.0.weights"][0, 0] = np.inf
    with pytest.raises(
        TrainingDiverged, match=r"before the update of step 2.*prediction\.writer\.0\.weights"
    ):
        each.advance()
    each.network.parameters.values[:] = before
    each.advance()


def test_the_reason_names_the_frame_that_is_not_a_number():
    clips = moving_squares().astype(np.float32) / 255
    clips[:, 1, 2, 3] = np.nan
    each = trainer(clips=clips)
    with pytest.raises(TrainingDiverged, match=r"input is nan at neuron \(1, 2, 3, 0\) for entry 0"):
        each.advance()


def test_a_squeezed_range_is_said_to_be_out_of_reach(caplog):
    fields = {"combination": ("0-1", "tanh_sigmoid", "mse"), "allow_squeezed": True}
    with caplog.at_level(logging.WARNING), pytest.warns(UserWarning, match=r"0\.269 to 0\.731"):
        trainer(**fields)
    assert "reaches only 0.269 to 0.731, the targets span 0 to 1" in caplog.text


class Counted:
    """A source of clips whose pixels are all their number, modulo 2."""

    def values(self, numbers, *, low, dtype):
        """Return clips (5, 6, 6, 1, N)."""
        frames = np.where(numbers % 2, 1.0, low)
        return np.broadcast_to(frames, (5, 6, 6, 1, len(numbers))).astype(dtype)


def test_a_source_of_clips_is_asked_by_number():
    blueprint = Blueprint(**settings_of(frame=Shape(6, 6, 1), combination=COMBINATIONS[0], reads="true"))
    batches = ClipBatches(Counted(), blueprint, count=1000, first=10)
    assert len(batches) == 1000
    batch = batches.batch(np.array([0, 1, 5]))
    assert batch.inputs["input"][2, 3, 3, 0].tolist() == [-1, 1, 1]
    assert batch.targets["prediction"].shape == (2, 6, 6, 1, 3)
    assert batches.batch(np.array([1001])).inputs["input"].min() == 1
    with pytest.raises(IndexError):
        ClipBatches(moving_squares(), blueprint).batch(np.array([24]))
    with pytest.raises(IndexError):
        batches.batch(np.array([-1]))
    with pytest.raises(ValueError, match="say how many clips"):
        ClipBatches(Counted(), blueprint)
    with pytest.raises(DataError, match="at least 7 frames"):
        ClipBatches(Counted(), Blueprint(Shape(6, 6, 1), steps_in=3, steps_out=4), count=3).batch(
            np.arange(2)
        )


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (moving_squares(steps=4), "at least 5 frames"),
        (moving_squares()[:, :, :5], "at least 5 frames"),
        (moving_squares().astype(np.int64), "give uint8"),
    ],
)
def test_clips_that_do_not_fit_are_refused(clips, message):
    with pytest.raises(DataError, match=message):
        trainer(clips=clips)


def test_frames_out_of_range_are_refused():
    with pytest.raises(DataError, match="frames of 0 to 255: give 0 to 1"):
        trainer(clips=moving_squares().astype(np.float32))


class Watched(Counted):
    """A source that remembers which clips it was asked for."""

    def __init__(self):
        self.asked = []

    def values(self, numbers, **options):
        """Return clips (5, 6, 6, 1, N)."""
        self.asked += numbers.tolist()
        return super().values(numbers, **options)


def endless(source):
    blueprint = Blueprint(**settings_of(frame=Shape(6, 6, 1)))
    network = VideoNetwork(blueprint, generator=np.random.default_rng(0))
    batches = ClipBatches(source, blueprint, count=6, first=100)
    generator = np.random.default_rng(1)
    return video_trainer(network, Adam(0.01), batches, batch_size=2, generator=generator, endless=True)


def test_clips_without_an_end_come_one_after_the_other_also_after_a_resume(tmp_path):
    source = Watched()
    first = endless(source)
    source.asked.clear()  # a trainer looks at the first batch when it is made
    for _ in range(4):
        first.advance()
    assert source.asked == list(range(100, 108))
    save(tmp_path / "run.safetensors", *first.state())
    second = endless(source)
    second.restore(load_latest(tmp_path / "run.safetensors"))
    source.asked.clear()
    for _ in range(3):
        second.advance()
    assert source.asked == list(range(108, 114))
