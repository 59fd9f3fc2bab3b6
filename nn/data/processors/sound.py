"""Sound: WAV and FLAC, at the rate that a network was trained at."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from nn.argument_checks import check_count
from nn.data.errors import DataError
from nn.data.memory import require_memory
from nn.data.processors.processor import Read, Reader, sound_at
from nn.one_line import printable_name

FORMATS = ("WAV", "WAVEX", "RF64", "FLAC")
"""libsndfile's names of what is read."""

HIGHEST_RATE = 768_000
"""In hertz."""

BLOCK = 65_536
"""Samples that are decoded at a time: a header may promise any number of them."""

SHORTER = "cut it into shorter ones"
INSTALL = "sound needs soundfile and soxr: pip install 'ganglion[sound]'"


@dataclass(frozen=True)
class ReadSound(Reader):
    """The sound of a file, the mean of its channels, from -1 to 1.

    Attributes
    ----------
    rate
        Samples a second; files of another rate are resampled by soxr, at its high quality.
    """

    name = "read_sound"

    rate: int

    def __post_init__(self) -> None:
        check_count(f"{self.name}: rate", self.rate)
        if self.rate > HIGHEST_RATE:
            raise DataError(f"{self.name}: rate {self.rate}: must be at most {HIGHEST_RATE}")

    @property
    def gives(self) -> str:
        """Sound: float32 (samples,)."""
        return sound_at(self.rate)

    def read(self, path: Path) -> Read:
        """Read a file; see `Reader.read`."""
        soundfile, soxr = _libraries(path)
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise DataError(f"{path}: not a file")
            with soundfile.SoundFile(os.fspath(path)) as file:
                samples, stored = _decoded(file, path), int(file.samplerate)
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
        except soundfile.SoundFileError as error:
            raise DataError(f"{path}: damaged, or no WAV or FLAC: {error}") from error
        if not len(samples):
            raise DataError(f"{path}: there is no sound in it")
        if not np.isfinite(samples).all():
            raise DataError(f"{path}: sample {int((~np.isfinite(samples)).argmax())} is no finite number")
        if not 0 < stored <= HIGHEST_RATE:
            raise DataError(f"{path}: a rate of {stored} Hz: must be 1 to {HIGHEST_RATE}")
        if stored != self.rate:
            require_memory(4 * (len(samples) * self.rate // stored + 1), f"{path}, resampled", SHORTER)
            samples = soxr.resample(samples, stored, self.rate, "HQ")
        return Read([printable_name(path.name)], [samples])


def _libraries(path: Path) -> tuple[ModuleType, ModuleType]:
    try:
        import soundfile  # noqa: PLC0415 - an extra
        import soxr  # noqa: PLC0415
    except (ImportError, OSError) as error:  # OSError: soundfile is there, the library that it wraps is not
        raise DataError(f"{path}: {INSTALL}") from error
    return soundfile, soxr


def _decoded(file: Any, path: Path) -> np.ndarray:
    """Return the mean of all channels, float32 (samples,)."""
    if file.format not in FORMATS:
        raise DataError(f"{path}: {file.format}: sound is read from WAV and FLAC")
    blocks = list(_blocks(file, path))
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32)


def _blocks(file: Any, path: Path) -> Iterator[np.ndarray]:
    count = 0
    while len(block := file.read(max(1, BLOCK // file.channels), dtype="float32", always_2d=True)):
        count += len(block)
        require_memory(8 * count, f"{path}: {count} samples", SHORTER)
        yield block.mean(axis=1)
