"""Chains of a reader and steps: files in, arrays out, from the description as from the objects."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nn import Scaler, load_series
from nn.data import DataError, load_all
from nn.data.processors import (
    PROCESSORS,
    CutWindows,
    LogMel,
    Processors,
    RandomCrop,
    RandomFlips,
    RandomLight,
    ReadClips,
    ReadImages,
    ReadSeries,
    ReadSound,
    ScalePixels,
    ScaleVariables,
)
from nn.data.video import load_films
from nn.shape import Shape
from tests.support.films import by_pillow, moving_square

GENERATOR = np.random.default_rng(0)

STEPS = st.one_of(
    st.builds(RandomFlips, st.just(True), st.booleans()),
    st.builds(RandomCrop, st.integers(1, 4), st.integers(1, 4)),
    st.builds(RandomLight, st.floats(0, 0.9), st.floats(0, 0.9)),
    st.builds(ScalePixels, st.floats(-2, 0), st.floats(0.5, 2)),
    st.builds(ScaleVariables, st.just([0.25]), st.tuples(st.floats(0.1, 2))),
)
IMAGE_CHAINS = st.builds(
    lambda reader, steps: Processors(reader, *steps),
    st.builds(ReadImages, st.integers(4, 9), st.integers(4, 9), st.just(1), st.sampled_from(["crop", "pad"])),
    st.lists(STEPS, max_size=4),
)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "seven.png"
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@given(IMAGE_CHAINS)
def test_a_chain_that_was_described_in_json_is_the_same(picture, chain):
    described = json.loads(json.dumps(chain.to_configuration()))
    again = Processors.from_configuration(described)
    assert again.to_configuration() == described
    assert np.array_equal(again(picture), chain(picture))
    entries = chain.read(picture).entries
    drawn = [each.process(entries, generator=np.random.default_rng(5)).entries[0] for each in (chain, again)]
    assert np.array_equal(*drawn)


def test_images_are_those_of_training(picture):
    chain = Processors(ReadImages(8, 8), ScalePixels())
    loaded = load_all(picture, Shape(8, 8, 1))
    assert np.array_equal(chain(picture), loaded.batch(np.arange(1))[0])
    assert np.array_equal(chain(picture, picture)[1], chain(picture)[0])
    folder = chain.prepare(picture.parent)
    assert folder.names == ["seven.png"] and folder.step_masks is None


def test_augmentations_are_in_training_alone(picture):
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    for step in (RandomFlips(), RandomLight(0.3, 0.3)):
        assert np.array_equal(step.process(image, None)[0], image)
    assert np.array_equal(RandomCrop(2, 2).process(image, None)[0], image[1:3, 1:3])
    drawn = [RandomFlips(True, True).process(image, GENERATOR)[0].tobytes() for _ in range(40)]
    mirrored = image, image[:, ::-1], image[::-1], image[::-1, ::-1]
    assert set(drawn) == {each.tobytes() for each in mirrored}
    crops = {RandomCrop(3, 3).process(image, GENERATOR)[0].tobytes() for _ in range(40)}
    assert crops == {image[top : top + 3, left : left + 3].tobytes() for top in (0, 1) for left in (0, 1)}
    bright = RandomLight(0.5, 0.0).process(image, GENERATOR)[0]
    assert bright.dtype == np.uint8 and not np.array_equal(bright, image)


def test_the_alpha_channel_keeps_its_light():
    image = np.full((2, 2, 4), 100, np.uint8)
    lit = RandomLight(0.5, 0.5).process(image, np.random.default_rng(0))[0]
    assert (lit[..., 3] == 100).all() and (lit[..., :3] != 100).all()


def test_series_are_scaled_as_the_training_was_and_masked(tmp_path):
    path = tmp_path / "walks.csv"
    path.write_text("series,label,x,y\na,up,1,2\na,up,3,4\nb,down,5,6\nb,down,7,8\nb,down,9,11\n")
    training = load_series(path)
    scaler = Scaler.standard(training)
    chain = Processors(ReadSeries(), ScaleVariables.of(scaler), pad_to=4)
    prepared = chain.prepare(path)
    assert np.array_equal(prepared.values[:, :3], scaler.transform(training).values)
    assert np.array_equal(prepared.step_masks[:, :3], training.mask) and not prepared.step_masks[:, 3].any()
    assert prepared.names == ["a", "b"]
    fitted = ScaleVariables.fitted(ReadSeries().read(path).entries)
    assert np.allclose([fitted.offset, fitted.scale], [scaler.offset, scaler.scale])
    with pytest.raises(DataError, match="different lengths: use `prepare`"):
        chain(path)
    with pytest.raises(DataError, match="b: 3 steps are more than 2"):
        Processors(ReadSeries(), pad_to=2).prepare(path)


def test_channels_in_bytes_are_scaled_as_shares_of_white():
    image = np.array([[[0, 51, 255]]], np.uint8)
    fitted = ScaleVariables.fitted([image, np.array([[[255, 102, 255]]], np.uint8)])
    assert np.allclose(fitted.offset, [0.5, 0.3, 1]) and np.allclose(fitted.scale, [0.5, 0.1, 1])
    scaled = fitted.process(image, None)[0]
    assert scaled.dtype == np.float32 and np.allclose(scaled, [[[-1, -1, 0]]], atol=1e-6)
    with pytest.raises(DataError, match="there are no entries"):
        ScaleVariables.fitted([])
    with pytest.raises(DataError, match="1 variables, those it was fitted on are 3"):
        fitted.process(image[..., :1], None)


def test_a_file_without_labels_is_read_by_its_variables(tmp_path):
    path = tmp_path / "walk.csv"
    path.write_text("x,y,kind\n1,2,left\n3,4,left\n")
    assert np.array_equal(Processors(ReadSeries(variables=["x", "y"]))(path), [[[1, 2], [3, 4]]])


def test_windows_are_named_by_their_place(tmp_path):
    path = tmp_path / "stock.npy"
    np.save(path, np.arange(12.0).reshape(1, 6, 2))
    prepared = Processors(ReadSeries(), CutWindows(3, 2)).prepare(path)
    assert np.array_equal(prepared.values[1], [[4, 5], [6, 7], [8, 9]])
    assert prepared.names == ["0#0", "0#1"]
    with pytest.raises(DataError, match="0: cut_windows: 6 steps are fewer than a window of 7"):
        Processors(ReadSeries(), CutWindows(7))(path)


def test_clips_are_those_of_the_readers_of_films(tmp_path):
    path = tmp_path / "square.gif"
    by_pillow(path, moving_square(12), duration=100)
    chain = Processors(ReadClips(5, 10, 15), ScalePixels(-1))
    clips = load_films(path, shape=Shape(10, 15, 1)).cut(5).clips(np.arange(2))
    assert np.allclose(chain(path), clips / 127.5 - 1, atol=1e-6)
    assert chain.prepare(path).names == ["square.gif#0", "square.gif#5"]


DESCRIPTION = {"reader": {"name": "read_images", "height": 4, "width": 4}}


@pytest.mark.parametrize(
    ("described", "message"),
    [
        (None, "processors: None: give a reader and steps"),
        ({}, "unknown reader None; known: read_images"),
        ({**DESCRIPTION, "stepz": []}, "unknown field stepz; known: reader, steps, pad_to"),
        ({**DESCRIPTION, "steps": {}}, "steps: give a list of at most 100"),
        ({**DESCRIPTION, "steps": [{"name": "random_flip"}]}, "did you mean random_flips"),
        ({**DESCRIPTION, "steps": [{"name": "os.system"}]}, "unknown step 'os.system'"),
        ({**DESCRIPTION, "steps": ["random_flips"]}, "a description is a dictionary"),
        (
            {**DESCRIPTION, "steps": [{"name": "random_crop", "height": 3}]},
            "field width is missing",
        ),
        ({**DESCRIPTION, "steps": [{"name": "scale_pixels", "high": 1, "top": 2}]}, "unknown field top"),
        ({**DESCRIPTION, "steps": [{"name": "scale_pixels", "high": "1"}]}, "high is '1', not of type float"),
        ({**DESCRIPTION, "steps": [{"name": "scale_pixels", "low": 1, "high": 0}]}, "low 1.0 must be below"),
        (
            {**DESCRIPTION, "steps": [{"name": "cut_windows", "length": 3}]},
            "takes series or clips, and read",
        ),
        (
            {**DESCRIPTION, "steps": [{"name": "scale_variables", "offset": [0], "scale": [10**400]}]},
            "scale_variables: a number is too large",
        ),
        (
            {**DESCRIPTION, "steps": [{"name": "scale_variables", "offset": [0], "scale": [0]}]},
            "scales not 0",
        ),
        ({**DESCRIPTION, "pad_to": 0}, "pad_to 0 must be a whole number"),
        ({"reader": {"name": "read_images", "height": 0, "width": 4}}, "read_images: height 0"),
        ({"reader": {"name": "read_images", "height": 4, "width": 4, "fit": "tile"}}, "unknown fit 'tile'"),
        ({"reader": {"name": "read_series", "variables": 3}}, "variables 3: give a list of names"),
        ({"reader": {"name": "read_series", "time": 3}}, "time is 3"),
        ({"reader": {"name": "read_sound", "rate": 10**9}}, "rate 1000000000: must be at most"),
        ({"reader": {"name": "read_clips", "steps": 2, "height": 4, "width": 4, "rate": "x"}}, "rate 'x'"),
    ],
)
def test_a_description_that_is_none_is_refused_by_field(described, message):
    with pytest.raises(DataError) as caught:
        Processors.from_configuration(described)
    assert message in str(caught.value)


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from([10**400, -1])
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WHOLE = [
    Processors(ReadImages(4, 4), RandomFlips(), RandomCrop(2, 2), RandomLight(), ScalePixels(), pad_to=None),
    Processors(ReadSeries("keep", ["x"], "s", "t"), CutWindows(3), ScaleVariables([0.0], [1.0]), pad_to=5),
    Processors(ReadSound(8000), LogMel(8000, highest=3000.0)),
    Processors(ReadClips(3, 4, 4, stride=2, rate=25.0)),
]


@given(st.sampled_from(WHOLE), JSON, st.data())
def test_any_description_is_made_or_refused_by_an_error_of_data(whole, value, data):
    described = json.loads(json.dumps(whole.to_configuration()))
    parts = [described, described["reader"], *described["steps"]]
    part = data.draw(st.sampled_from(parts))
    part[data.draw(st.sampled_from([*part, "more"]))] = value
    try:
        made = Processors.from_configuration(described)
    except DataError:
        return
    assert (
        Processors.from_configuration(made.to_configuration()).to_configuration() == made.to_configuration()
    )


def test_what_a_step_cannot_take_is_refused_before_a_file_is_read():
    with pytest.raises(DataError, match="takes sound at 8000 Hz, and read_sound gives sound at 16000"):
        Processors(ReadSound(16000), LogMel(8000))
    with pytest.raises(DataError, match=r"several entries of one: put it before random_flips"):
        Processors(ReadClips(9, 4, 4), RandomFlips(), CutWindows(3))
    with pytest.raises(DataError, match="reads nothing"):
        Processors(ScalePixels())
    with pytest.raises(DataError, match="step 0 is"):
        Processors(ReadImages(4, 4), ReadImages(4, 4))


def test_a_bad_file_is_named_with_the_step(tmp_path, picture):
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture.read_bytes()[:60])
    chain = Processors(ReadImages(8, 8), RandomCrop(9, 9))
    with pytest.raises(DataError, match=r"broken\.png"):
        chain(broken)
    with pytest.raises(DataError, match=r"missing\.png: no such file"):
        chain(tmp_path / "missing.png")
    with pytest.raises(DataError, match=r"seven\.png: random_crop: 8 x 8 pixels are fewer than a window"):
        chain(picture)
    with pytest.raises(DataError, match="no files"):
        chain()


def test_every_step_can_be_described():
    assert set(PROCESSORS) == {
        *("random_flips", "random_crop", "random_light", "scale_pixels", "scale_variables", "cut_windows"),
        "log_mel",
    }
