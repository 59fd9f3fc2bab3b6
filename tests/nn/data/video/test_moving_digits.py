"""Moving digits: the paper's own movement, each clip by its number alone, ready for a network."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import DataError, digits
from nn.data.idx import read_idx
from nn.data.video import MovingDigits
from nn.data.video.moving_digits import bounce
from nn.entries import to_history
from nn.shape import Shape, VideoShape


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    return digits(50, generator=np.random.default_rng(0)).images


def published(starts, angles, steps, step_length, canvas):
    """The loop of `GetRandomTrajectory` as it was published, for one digit."""
    (y, x), v_y, v_x = starts, np.sin(angles), np.cos(angles)
    tops, lefts = [], []
    for _ in range(steps):
        y += v_y * step_length
        x += v_x * step_length
        if x <= 0:
            x, v_x = 0, -v_x
        if x >= 1.0:
            x, v_x = 1.0, -v_x
        if y <= 0:
            y, v_y = 0, -v_y
        if y >= 1.0:
            y, v_y = 1.0, -v_y
        tops.append(int(canvas * y))
        lefts.append(int(canvas * x))
    return tops, lefts


@given(
    y=st.floats(0, 1),
    x=st.floats(0, 1),
    angle=st.floats(0, 7),
    length=st.floats(0.01, 1),
    canvas=st.integers(0, 60),
)
def test_movement_is_that_of_the_published_generator(y, x, angle, length, canvas):
    velocities = np.array([np.sin(angle), np.cos(angle)])
    moved = (canvas * bounce(np.array([y, x]), velocities, length, 30)).astype(int)
    assert np.array_equal(moved, published((y, x), angle, 30, length, canvas))


def test_digits_lie_where_the_tracks_say_and_the_brighter_pixel_is_seen(drawn):
    moving = MovingDigits(drawn, size=40, per_clip=3, steps=7, seed=5)
    numbers = np.array([3, 11])
    tracks = moving.tracks(numbers)
    expected = np.zeros((2, 7, 40, 40, 1), np.uint8)
    for clip in range(2):
        for step in range(7):
            for each in range(3):
                top, left = tracks.tops[clip, each, step], tracks.lefts[clip, each, step]
                for row in range(28):
                    for column in range(28):
                        place = clip, step, top + row, left + column
                        pixel = drawn[tracks.digits[clip, each], row, column]
                        expected[place] = max(expected[place], pixel)
    assert np.array_equal(moving.clips(numbers), expected)


def test_a_clip_is_the_same_whatever_is_asked_for_beside_it(drawn):
    moving = MovingDigits(drawn, size=32, steps=4)
    every = moving.clips(np.arange(40))
    order = np.random.default_rng(0).permutation(40)
    assert np.array_equal(MovingDigits(drawn, size=32, steps=4).clips(order), every[order])
    for number in (0, 7, 39):
        assert np.array_equal(moving.clips(np.array([number]))[0], every[number])
    far = np.array([2**40, 2**62])
    assert np.array_equal(moving.clips(far)[1], moving.clips(far[1:])[0])


def test_clips_of_other_numbers_and_seeds_differ(drawn):
    clips = [
        MovingDigits(drawn, size=32, steps=3, seed=seed).clips(np.arange(200)) for seed in (0, 1, 2**64 - 1)
    ]
    assert len({clip.tobytes() for each in clips for clip in each}) == 600


def test_more_frames_go_on_with_the_same_clip(drawn):
    short, long = (MovingDigits(drawn, steps=steps).clips(np.arange(3)) for steps in (5, 20))
    assert np.array_equal(short, long[:, :5])


def test_movement_fills_the_canvas_in_all_directions(drawn):
    tracks = MovingDigits(drawn, per_clip=2, steps=20).tracks(np.arange(500))
    for places in (tracks.tops, tracks.lefts):
        assert (places.min(), places.max()) == (0, 36)
    down, right = np.diff(tracks.tops), np.diff(tracks.lefts)
    for sign in (-1, 1):
        for other in (-1, 1):
            assert 0.1 < np.mean((np.sign(down) == sign) & (np.sign(right) == other)) < 0.35
    length = np.hypot(down, right)
    assert length.max() < 3.6 + 1.5 and 2.5 < np.median(length) < 4.5
    assert len(np.unique(tracks.digits)) == 50


def test_the_length_of_a_step(drawn):
    slow, fast = (MovingDigits(drawn, step_length=length).tracks(np.arange(50)) for length in (0.01, 0.5))
    assert np.abs(np.diff(slow.tops)).max() <= 1
    assert np.abs(np.diff(fast.tops)).max() > 10


@pytest.mark.parametrize("entries", [1, 16, 21])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_histories_of_0_to_1_or_of_minus_1_to_1(drawn, entries, dtype):
    moving = MovingDigits(drawn, size=32, steps=5)
    numbers = np.arange(entries)
    clips = moving.clips(numbers)
    values = moving.values(numbers, dtype=dtype)
    assert values.shape == (5, 32, 32, 1, 32 if entries > 16 else 16)
    assert values.dtype == dtype and values.flags.c_contiguous
    assert np.array_equal(values, to_history(clips, dtype))
    around = moving.values(numbers, low=-1, dtype=dtype)
    assert np.array_equal(around[..., :entries], 2 * values[..., :entries] - 1)
    assert (around[..., :entries].min(), around[..., :entries].max()) == (-1, 1)
    assert not around[..., entries:].any()


def test_small_frames_large_digits_and_colours(drawn):
    exact = MovingDigits(drawn, size=28, per_clip=1, steps=2).clips(np.array([4]))
    assert any(np.array_equal(exact[0, 1], digit) for digit in drawn)
    coloured = digits(5, Shape(8, 6, 3), generator=np.random.default_rng(0)).images
    moving = MovingDigits(coloured, size=12, steps=3)
    assert moving.shape == VideoShape(3, 12, 12, 3)
    assert moving.clips(np.arange(2)).shape == (2, 3, 12, 12, 3)
    assert MovingDigits(drawn[..., 0]).shape == VideoShape(20, 64, 64, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 27}, "digits of 28 x 28 pixels do not fit into frames of 27 x 27"),
        ({"size": 0}, "size 0 must be a whole number"),
        ({"per_clip": 0}, "digits per clip 0"),
        ({"steps": 2.5}, "steps 2.5"),
        ({"step_length": 0}, "step length 0"),
        ({"step_length": 1.5}, "step length 1.5 must be at most 1"),
        ({"step_length": float("nan")}, "step length nan"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 2**64}, "seed 1844"),
        ({"seed": 1.0}, r"seed 1\.0"),
    ],
)
def test_arguments_out_of_range(drawn, arguments, message):
    with pytest.raises(ValueError, match=message):
        MovingDigits(drawn, **arguments)


@pytest.mark.parametrize(
    "digit", [np.zeros((3, 8, 8)), np.zeros((0, 8, 8), np.uint8), np.zeros((8, 8), np.uint8)]
)
def test_digits_of_another_kind(digit):
    with pytest.raises(DataError, match="expected uint8"):
        MovingDigits(digit)


@pytest.mark.parametrize("numbers", [[-1], [], [0.5], [[0]]])
def test_numbers_that_no_clip_has(drawn, numbers):
    with pytest.raises(DataError, match=r"numbers of clips|clip -1"):
        MovingDigits(drawn).clips(np.array(numbers))


def test_other_ranges_are_refused(drawn):
    with pytest.raises(DataError, match="black becomes 0 or -1"):
        MovingDigits(drawn, size=32).values(np.arange(2), low=0.5)


def test_memory_is_looked_at_first(drawn, monkeypatch):
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 10**6)
    with pytest.raises(DataError, match=r"13 clips of 20x64x64x1 needs .* ask for fewer clips"):
        MovingDigits(drawn).clips(np.arange(13))
    with pytest.raises(DataError, match=r"the values of 3 clips needs"):
        MovingDigits(drawn).values(np.arange(3))


def test_two_of_mnist_fill_as_much_as_twice_one_less_where_they_overlap(shared_data: Path):
    images = read_idx(shared_data / "mnist" / "t10k-images-idx3-ubyte.gz")
    values = MovingDigits(images).values(np.arange(320))
    one = images.mean() / 255 * 28**2 / 64**2
    assert 1.9 * one < values.mean() < 2 * one


def test_a_clip_stays_the_same_from_version_to_version():
    """So runs go on with the same data after an update."""
    tracks = MovingDigits(np.ones((1000, 28, 28), np.uint8)).tracks(np.array([0, 12_345]))
    assert tracks.digits.tolist() == [[34, 11], [619, 669]]
    assert tracks.tops[1, 0, :10].tolist() == [29, 30, 32, 34, 36, 34, 32, 30, 29, 27]
    assert tracks.lefts[1, 0, :9].tolist() == [25, 21, 18, 15, 12, 9, 6, 2, 0]
