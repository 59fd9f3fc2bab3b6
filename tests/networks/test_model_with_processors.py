"""Models with their processors: raw files in, answers out, from one file."""

import numpy as np
import pytest
from PIL import Image

from networks import LSTM, Dense, Sequential, load_model, load_with_processors, save_model
from nn import (
    Adam,
    CategoricalCrossEntropyWithLogits,
    Identity,
    ProcessedBatches,
    SequenceShape,
    Shape,
    SnapshotError,
    Trainer,
)
from nn.data.processors import (
    LogMel,
    Processors,
    RandomFlips,
    ReadImages,
    ReadSeries,
    ReadSound,
    ScalePixels,
    ScaleVariables,
)
from nn.snapshot import load, save

GENERATOR = np.random.default_rng(0)


def tone(rate, hertz, seconds):
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate).astype(np.float32)


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


def test_a_network_tells_low_tones_from_high_ones(tmp_path):
    """Trained on samples in memory, asked with files of another rate and length."""
    soundfile = pytest.importorskip("soundfile")
    pytest.importorskip("soxr")
    generator = np.random.default_rng(0)
    tones = [tone(8000, low + 200 * generator.random(), 0.5) for low in (300, 1500) * 16]
    log_mel = LogMel(8000, window=256, hop=128, bands=12)
    scale = ScaleVariables.fitted([log_mel.process(each, None)[0] for each in tones])
    processors = Processors(ReadSound(8000), log_mel, scale, pad_to=30)
    batches = ProcessedBatches(processors, tones, np.arange(32) % 2, seed=None)
    layers = [LSTM.of(units=4, whole_sequence=False), Dense.of(2, activation=Identity())]
    network = Sequential(SequenceShape(30, 12), layers, generator=generator)
    settings = {"batch_size": 32, "generator": generator}
    Trainer(network, CategoricalCrossEntropyWithLogits(), Adam(0.05), batches, **settings).train(epochs=20)
    save_model(tmp_path / "tones.safetensors", network, processors=processors)
    for name, low, rate in (("low.wav", 400, 8000), ("high.flac", 1600, 44100)):
        soundfile.write(tmp_path / name, tone(rate, low, 0.4), rate)
    answers = load_with_processors(tmp_path / "tones.safetensors").answer(
        tmp_path / "low.wav", tmp_path / "high.flac"
    )
    assert answers.reshape(2, -1).argmax(axis=1).tolist() == [0, 1]


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
