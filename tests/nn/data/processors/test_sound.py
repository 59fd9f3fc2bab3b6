"""Sound: files read at any rate, and log-mel frames as librosa computes them."""

import numpy as np
import pytest

from nn.data import DataError
from nn.data.processors import LogMel, Processors, ReadSound
from nn.data.processors.log_mel import frequency, mel

TIMES = np.arange(1600) / 16000
CHIRP = np.sin(2 * np.pi * (200 * TIMES + 35000 * TIMES**2)).astype(np.float32)

LIBROSA = [
    [6.60196, 8.93731, 8.77534, 5.17276, -8.59381, -15.42708],
    [-17.13225, -14.97825, -11.36317, 4.53023, 9.32860, 8.20299],
    [-21.80534, -20.84768, -19.44848, -17.29665, -11.86254, 8.46764],
]
"""log(max(melspectrogram, 1e-10)) of the chirp by librosa 0.11.0, with the settings below, center=False,
htk=True, norm=None."""


def test_frames_are_those_of_librosa():
    step = LogMel(16000, window=400, hop=600, bands=6, lowest=100.0, highest=7000.0)
    assert np.allclose(step.process(CHIRP, None)[0], LIBROSA, atol=1e-4)


def test_librosa_computes_the_same_frames():
    librosa = pytest.importorskip("librosa")
    noise = np.random.default_rng(0).normal(0, 0.1, 20000).astype(np.float32)
    for rate, window, hop, bands in ((16000, 400, 160, 40), (8000, 256, 64, 20), (44100, 1025, 300, 80)):
        power = librosa.feature.melspectrogram(
            y=noise, sr=rate, n_fft=window, hop_length=hop, center=False, n_mels=bands, htk=True, norm=None
        )
        frames = LogMel(rate, window, hop, bands).process(noise, None)[0]
        assert np.allclose(frames, np.log(np.maximum(power, 1e-10)).T, atol=1e-4)


def test_a_thousand_hertz_is_a_thousand_mel():
    assert mel(1000) == pytest.approx(1000, abs=0.02)
    assert np.allclose(frequency(mel(np.array([0.0, 440, 7999]))), [0, 440, 7999])


def test_a_tone_is_loudest_in_its_band():
    step = LogMel(16000)
    for hertz in (300, 1000, 4000):
        tone = np.sin(2 * np.pi * hertz * np.arange(800) / 16000).astype(np.float32)
        loudest = step.process(tone, None)[0][0].argmax()
        edges = frequency(np.linspace(0, mel(8000), 42))
        assert edges[loudest] < hertz < edges[loudest + 2]


def test_frames_of_long_sound_are_those_of_its_parts():
    noise = np.random.default_rng(1).normal(0, 0.1, 7000 * 20 + 60).astype(np.float32)
    step = LogMel(8000, window=80, hop=20, bands=8)
    whole = step.process(noise, None)[0]
    assert len(whole) == 1 + (len(noise) - 80) // 20 > 2**19 // 80
    assert np.array_equal(whole[6900], step.process(noise[6900 * 20 : 6900 * 20 + 80], None)[0][0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 10**6}, "window 1000000: must be at most 65536"),
        ({"bands": 300}, "bands 300: a window of 400 samples has 200"),
        ({"highest": 9000.0}, "to 9000 Hz: must be within 0 to half the rate, 8000"),
        ({"lowest": 8000.0}, "bands from 8000 to 8000"),
        ({"floor": 0.0}, "floor 0.0"),
        ({"highest": "x"}, "highest 'x'"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError) as caught:
        LogMel(16000, **settings)
    assert message in str(caught.value)


@pytest.fixture
def soundfile():
    pytest.importorskip("soxr")
    return pytest.importorskip("soundfile")


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_files_are_read_to_their_samples(tmp_path, soundfile, suffix):
    path = tmp_path / f"chirp.{suffix}"
    stereo = np.stack([CHIRP, 0.5 * CHIRP], axis=1)
    soundfile.write(path, stereo, 16000, subtype="PCM_16")
    samples = ReadSound(16000).read(path).entries[0]
    assert samples.dtype == np.float32 and np.abs(samples - 0.75 * CHIRP).max() < 1e-4
    half = ReadSound(8000).read(path).entries[0]
    assert len(half) == 800


def test_a_tone_keeps_its_height_at_another_rate(tmp_path, soundfile):
    tone = np.sin(2 * np.pi * 1000 * np.arange(4410) / 44100)
    soundfile.write(tmp_path / "tone.wav", tone, 44100, subtype="FLOAT")
    samples = ReadSound(16000).read(tmp_path / "tone.wav").entries[0]
    assert len(samples) == 1600
    assert np.abs(samples - np.sin(2 * np.pi * 1000 * np.arange(1600) / 16000))[200:-200].max() < 1e-3


def test_a_chain_gives_frames_with_masks(tmp_path, soundfile):
    for name, count in (("a.wav", 800), ("b.flac", 1600)):
        soundfile.write(tmp_path / name, CHIRP[:count], 16000)
    chain = Processors(ReadSound(16000), LogMel(16000, bands=20))
    prepared = Processors.from_configuration(chain.to_configuration()).prepare(
        tmp_path / "a.wav", tmp_path / "b.flac"
    )
    assert prepared.values.shape == (2, 8, 20) and prepared.names == ["a.wav", "b.flac"]
    assert prepared.step_masks.sum(axis=1).tolist() == [3, 8]
    with pytest.raises(DataError, match=r"a\.wav: log_mel: 800 samples .* than a window of 2000"):
        Processors(ReadSound(16000), LogMel(16000, window=2000))(tmp_path / "a.wav")


def test_files_that_are_no_sound_are_refused_by_name(tmp_path, soundfile):
    good = tmp_path / "good.wav"
    soundfile.write(good, CHIRP, 16000)
    soundfile.write(tmp_path / "other.ogg", CHIRP, 16000)
    soundfile.write(tmp_path / "empty.wav", CHIRP[:0], 16000)
    not_numbers = CHIRP.copy()
    not_numbers[7] = np.nan
    soundfile.write(tmp_path / "nan.wav", not_numbers, 16000, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "folder.wav").mkdir()
    for name, message in (
        ("other.ogg", "OGG: sound is read from WAV and FLAC"),
        ("empty.wav", "there is no sound in it"),
        ("nan.wav", "sample 7 is no finite number"),
        ("text.wav", "damaged, or no WAV or FLAC"),
        ("folder.wav", "not a file"),
        ("missing.wav", "cannot be read: No such file"),
    ):
        with pytest.raises(DataError) as caught:
            ReadSound(16000).read(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value) and message in str(caught.value)


def test_damaged_files_are_read_in_part_or_refused(tmp_path, soundfile):
    """Whatever bytes a header holds, no more is allocated than is decoded."""
    generator = np.random.default_rng(2)
    for suffix in ("wav", "flac"):
        path = tmp_path / f"damaged.{suffix}"
        soundfile.write(path, CHIRP, 16000)
        whole = path.read_bytes()
        for _ in range(60):
            cut = len(whole) if generator.random() < 0.7 else generator.integers(len(whole))
            contents = bytearray(whole[:cut])
            for place in generator.integers(0, min(len(contents), 60) or 1, 2):
                if contents:
                    contents[place] ^= 1 << generator.integers(8)
            path.write_bytes(contents)
            try:
                (samples,) = ReadSound(16000).read(path).entries
            except DataError as error:
                assert str(path) in str(error)
            else:
                assert samples.ndim == 1 and np.isfinite(samples).all()


def test_without_the_library_its_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(DataError, match=r"a\.wav: .*pip install 'ganglion\[sound\]'"):
        ReadSound(16000).read(tmp_path / "a.wav")
