"""Models with their processors: raw files in, answers out, from one file."""

import numpy as np
import pytest
from PIL import Image

from networks import LSTM, Dense, Sequential, load_model, load_with_processors, save_model
from nn import SequenceShape, Shape, SnapshotError
from nn.data.processors import Processors, RandomFlips, ReadImages, ReadSeries, ScalePixels
from nn.snapshot import load, save

GENERATOR = np.random.default_rng(0)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "seven.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (20, 30), np.uint8)).save(path)
    return path


def test_a_file_goes_in_and_an_answer_comes_out(tmp_path, picture):
    processors = Processors(ReadImages(8, 8), RandomFlips(), ScalePixels(-1))
    network = Sequential(Shape(8, 8, 1), [Dense.of(3)], generator=GENERATOR)
    path = tmp_path / "model.safetensors"
    save_model(path, network, {"classes": ["a", "b", "c"]}, processors=processors)
    model = load_with_processors(path)
    assert np.array_equal(model.answer(picture), network.predict(processors(picture)))
    assert model.processors.to_configuration() == processors.to_configuration()
    assert np.array_equal(load_model(path).parameters.values, network.parameters.values)


def test_series_are_answered_by_their_masks(tmp_path):
    (tmp_path / "walks.csv").write_text("series,x\na,1\na,2\nb,3\n")
    network = Sequential(SequenceShape(2, 1), [LSTM.of(units=2)], generator=GENERATOR)
    save_model(tmp_path / "model.safetensors", network, processors=Processors(ReadSeries()))
    answers = load_with_processors(tmp_path / "model.safetensors").answer(tmp_path / "walks.csv")
    alone = network.predict(np.array([[[3.0], [9.0]]]), step_masks=np.array([[True, False]]))
    assert np.allclose(answers[1], alone[0])


def test_a_model_without_processors_is_told(tmp_path):
    path = tmp_path / "model.safetensors"
    network = Sequential(Shape(4, 4, 1), [Dense.of(3)], generator=GENERATOR)
    save_model(path, network)
    with pytest.raises(SnapshotError, match="holds no processors"):
        load_with_processors(path)


def test_processors_that_are_damaged_are_named_with_the_file(tmp_path):
    path = tmp_path / "model.safetensors"
    network = Sequential(Shape(4, 4, 1), [Dense.of(3)], generator=GENERATOR)
    save_model(path, network, processors=Processors(ReadImages(4, 4)))
    snapshot = load(path)
    for described, message in (
        ([], "give a reader"),
        ({"reader": {"name": "read_images", "height": 4}}, "width"),
    ):
        save(path, snapshot.arrays, {**snapshot.metadata, "processors": described})
        with pytest.raises(SnapshotError, match=rf"model\.safetensors: processors: .*{message}"):
            load_with_processors(path)
