"""Log-mel frames: how loud a sound is in bands that are as far apart as an ear hears them.

The mel scale is O'Shaughnessy's (1987), "Speech Communication", page 150: m = 2595 log10(1 + f / 700), which
the HTK Book (Young et al. 2006, equation 5.13) has too. Bands are triangles that overlap by halves and are
evenly spaced in mel (Davis and Mermelstein 1980, figure 1), 1 at their peak. Frames are windowed by a
periodic Hann window and not padded; their power is |DFT|^2. So `librosa.feature.melspectrogram` computes it
with `center=False, htk=True, norm=None`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nn.argument_checks import check_count, check_not_negative, check_number, check_positive
from nn.data.errors import DataError
from nn.data.memory import require_memory
from nn.data.processors.processor import SERIES, Processor, sound_at

LONGEST_WINDOW = 65_536

SAMPLES_AT_ONCE = 2**19
"""Of frames that are transformed together."""


@dataclass(frozen=True)
class LogMel(Processor):
    """Natural logarithms of the power in mel bands: a series with a band for every variable.

    Attributes
    ----------
    rate
        Of the sound, in hertz.
    window, hop
        Samples of a frame, and from one to the next.
    bands
        How many.
    lowest, highest
        Where the first band begins and the last one ends, in hertz; None for half the rate.
    floor
        What power below is taken for.
    """

    name = "log_mel"

    rate: int
    window: int = 400
    hop: int = 160
    bands: int = 40
    lowest: float = 0.0
    highest: float | None = None
    floor: float = 1e-10

    def __post_init__(self) -> None:
        for field in ("rate", "window", "hop", "bands"):
            check_count(f"{self.name}: {field}", getattr(self, field))
        check_positive(f"{self.name}: floor", self.floor)
        check_not_negative(f"{self.name}: lowest", self.lowest)
        if self.window > LONGEST_WINDOW:
            raise DataError(f"{self.name}: window {self.window}: must be at most {LONGEST_WINDOW}")
        if self.bands > self.window // 2:
            raise DataError(
                f"{self.name}: bands {self.bands}: a window of {self.window} samples has {self.window // 2}"
            )
        if self.highest is not None:
            check_number(f"{self.name}: highest", self.highest)
        if not self.lowest < self._end <= self.rate / 2:
            raise DataError(
                f"{self.name}: bands from {self.lowest:g} to {self._end:g} Hz: must be within 0 to half the "
                f"rate, {self.rate / 2:g}"
            )

    @property
    def _end(self) -> float:
        return self.rate / 2 if self.highest is None else self.highest

    @property
    def takes(self) -> tuple[str, ...]:
        """Sound at its rate."""
        return (sound_at(self.rate),)

    def gives(self, kind: str) -> str:
        """Return series: a step for every frame."""
        return SERIES

    @cached_property
    def filters(self) -> np.ndarray:
        """Share of every frequency in every band: float64 (window // 2 + 1, bands)."""
        require_memory(24 * (self.window // 2 + 1) * self.bands, f"{self.bands} bands", "take fewer")
        edges = frequency(np.linspace(mel(self.lowest), mel(self._end), self.bands + 2))
        bins = np.fft.rfftfreq(self.window, 1 / self.rate)[:, None]
        rising = (bins - edges[:-2]) / np.diff(edges[:-1])
        falling = (edges[2:] - bins) / np.diff(edges[1:])
        return np.maximum(0, np.minimum(rising, falling))

    @cached_property
    def _hann(self) -> np.ndarray:
        return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)

    def process(self, entry: np.ndarray, generator: np.random.Generator | None) -> list[np.ndarray]:
        """Return the frames of a sound, float32 (frames, bands); see `Processor.process`."""
        if len(entry) < self.window:
            raise DataError(
                f"{len(entry)} samples at {self.rate} Hz are fewer than a window of {self.window}"
            )
        frames = sliding_window_view(entry, self.window)[:: self.hop]
        require_memory(4 * len(frames) * self.bands, f"{len(frames)} frames", "give a shorter sound")
        levels = np.empty((len(frames), self.bands), np.float32)
        together = max(1, SAMPLES_AT_ONCE // self.window)
        for start in range(0, len(frames), together):
            spectra = np.fft.rfft(frames[start : start + together] * self._hann)
            power = np.square(np.abs(spectra)) @ self.filters
            levels[start : start + together] = np.log(np.maximum(power, self.floor))
        return [levels]


def mel(hertz: float | np.ndarray) -> np.ndarray:
    """Return how high a frequency sounds, in mel."""
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def frequency(height: np.ndarray) -> np.ndarray:
    """Return frequencies in hertz of heights in mel; the inverse of `mel`."""
    return 700 * (10 ** (height / 2595) - 1)
