"""Clips to train on, to validate and to test on, of different digits or films."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.video.settings import DIGITS, Settings
from nn import VideoShape
from nn.data.idx import IMAGE_NAME
from nn.data.video import Clips, ClipSource, DigitSets, FilmSet, MovingDigits, digit_sets, load_films
from nn.data.video.clip_source import check_numbers
from workbench.errors import SettingsError

RENDERED = 2000
"""Digits that are rendered without a limit."""

SPLIT_SEED = 0
"""Of the division and of the clips to validate and to test on, which are the same for every seed of a run."""

DIGIT_SHARE = 28 / 64
"""Side of a digit, as a share of the frame's (Srivastava et al. 2015)."""

UNTRAINED = 2**40
"""Number of the first of the clips of training digits that are measured on, and never trained on."""

PROBED = 100
"""Most clips of the training digits or films that are measured on."""


@dataclass(frozen=True, eq=False)
class VideoData:
    """Clips for every purpose.

    Attributes
    ----------
    training
        To learn from: clips of any number.
    count
        How many different ones these are; None where there is no end.
    probe
        Some of the training digits, which as clips are new; or some of the clips that are trained on: uint8
        (n, steps, height, width, channels).
    validation, test
        Of other digits or films, in the same form.
    about
        What they are, for people.
    """

    training: ClipSource
    count: int | None
    probe: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    about: str

    @property
    def fingerprint(self) -> str:
        """A short text that changes with the clips."""
        digest = hashlib.sha256()
        for clips in (self.probe, self.validation):
            digest.update(np.ascontiguousarray(clips).data)
        return f"{self.count or 'endless'} clips, sha256 {digest.hexdigest()[:16]}"


def load_data(settings: Settings, steps: int) -> VideoData:
    """Load or make, and divide, what the settings name; the same settings give the same clips.

    Parameters
    ----------
    settings
        Of the run.
    steps
        Frames of a clip.

    Raises
    ------
    DataError
        When it cannot be used; names the file and what to do.
    """
    return _moving_digits(settings, steps) if are_digits(settings) else _films(settings, steps)


def are_digits(settings: Settings) -> bool:
    """Return whether clips are made of digits, not cut from films."""
    return settings.data == DIGITS or _holds_digits(Path(settings.data))


def _holds_digits(path: Path) -> bool:
    """Return whether a path is an IDX file of images, or a folder of such."""
    if path.is_dir():
        return any(IMAGE_NAME.search(file.name) for file in path.iterdir())
    return path.is_file() and bool(IMAGE_NAME.search(path.name))


def digits_of(settings: Settings) -> DigitSets:
    """Return the digits to train, to validate and to test on.

    Raises
    ------
    DataError
        As `digit_sets`.
    """
    rendered = settings.data == DIGITS
    return digit_sets(
        None if rendered else settings.data,
        side=settings.digit_size or max(1, round(DIGIT_SHARE * settings.size)),
        held_out_fraction=settings.held_out_share,
        limit=settings.limit or (RENDERED if rendered else None),
        generator=np.random.default_rng([SPLIT_SEED, 1]),
    )


def _moving_digits(settings: Settings, steps: int) -> VideoData:
    if settings.channels != 1:
        raise SettingsError(f"--channels {settings.channels}: digits are grey: leave it out")
    digits = digits_of(settings)
    moving = [
        MovingDigits(
            images,
            size=settings.size,
            per_clip=settings.digits_per_clip,
            steps=steps,
            step_length=settings.step_length,
            seed=seed,
        )
        for images, seed in zip(digits, (settings.seed, SPLIT_SEED, SPLIT_SEED), strict=True)
    ]
    training, validation, test = moving
    probe = training.clips(UNTRAINED + np.arange(min(PROBED, settings.validation_clips)))
    held_out = validation.clips(np.arange(settings.validation_clips))
    tested = _test_films(settings, steps)
    if tested is None:
        tested = test.clips(np.arange(settings.test_clips))
    what = "rendered digits" if settings.data == DIGITS else f"digits of {settings.data}"
    counts = " / ".join(f"{len(each):,}" for each in digits)
    about = f"{what}, {counts} to train, validate and test on, {settings.digits_per_clip} in every clip"
    return VideoData(training, None, probe, held_out, tested, about)


def _films(settings: Settings, steps: int) -> VideoData:
    films, share = _load(settings, settings.data), settings.held_out_share
    tested = _test_films(settings, steps)
    known = films
    if tested is None:
        known, last = _divided(films, share, steps)
        tested = _some(last.cut(steps), settings.test_clips)
    learned, watched = _divided(known, share, steps)
    training = learned.cut(steps, settings.stride)
    validation = _some(watched.cut(steps), settings.validation_clips)
    probe = _some(training, min(PROBED, settings.validation_clips))
    shuffled = settings.clip_order == "shuffled"
    repeated = Repeated(training, len(training), settings.seed, shuffled=shuffled)
    about = (
        f"{settings.data}: {len(films):,} films, {len(training):,} clips to train on, {len(validation):,} to "
        f"validate and {len(tested):,} to test on"
    )
    return VideoData(repeated, len(training), probe, validation, tested, about)


def _load(settings: Settings, path: Path | str) -> FilmSet:
    return load_films(path, shape=settings.frame, fit=settings.fit, rate=settings.rate, axes=settings.axes)


def _test_films(settings: Settings, steps: int) -> np.ndarray | None:
    if settings.test_data is None:
        return None
    return _some(_load(settings, settings.test_data).cut(steps), settings.test_clips)


def load_clips(settings: Settings, path: Path, steps: int, count: int) -> np.ndarray:
    """Return some clips of films that a run is to be shown, uint8 (n, steps, height, width, channels).

    Raises
    ------
    DataError
        As `load_films`.
    """
    return _some(_load(settings, path).cut(steps), count)


def _divided(films: FilmSet, share: float, steps: int) -> tuple[FilmSet, FilmSet]:
    """Divide whole films where there are some, and each by time where there are too few."""
    if len({id(film) for film in films.films}) >= 3:
        return films.split(share, generator=np.random.default_rng([SPLIT_SEED, 2]))
    return films.split_by_time(share, steps=steps)


def _some(clips: Clips, count: int) -> np.ndarray:
    """Return at most so many clips, from all over."""
    if len(clips) <= count:
        return clips.clips(np.arange(len(clips)))
    return clips.clips(np.linspace(0, len(clips) - 1, count).round().astype(np.int64))


class Repeated(ClipSource):
    """Clips of a source that has an end, again and again: all of them once before any again.

    Which clip a number stands for depends on that and the seed alone, so a run goes on from its step.

    Parameters
    ----------
    source
        The clips.
    count
        How many there are.
    seed
        Of the orders.
    shuffled
        Whether every pass has a new order; otherwise it is that of the source.
    """

    def __init__(self, source: ClipSource, count: int, seed: int, *, shuffled: bool = True) -> None:
        self._source, self._count, self._seed, self._shuffled = source, count, seed, shuffled

    @property
    def shape(self) -> VideoShape:
        """Steps, height, width and channels of every clip."""
        return self._source.shape

    def clips(self, numbers: np.ndarray) -> np.ndarray:
        """Return the clips of some numbers; see `ClipSource.clips`."""
        return self._source.clips(self.numbers(check_numbers(numbers)))

    def numbers(self, places: np.ndarray) -> np.ndarray:
        """Return the numbers that the clips at some places have in the source, int64 (n,)."""
        passes, within = np.divmod(places, self._count)
        if not self._shuffled:
            return within
        numbers = np.empty_like(places)
        for each in np.unique(passes):
            order = np.random.default_rng([self._seed, 6, int(each)]).permutation(self._count)
            chosen = passes == each
            numbers[chosen] = order[within[chosen]]
        return numbers
