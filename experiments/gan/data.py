"""What adversarial networks learn from: any data, divided, scaled, and with what it takes to undo that."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from experiments.gan.components import Components
from experiments.gan.form import Form
from experiments.gan.images import load_pictures
from experiments.gan.parts import Part, are_usable, held_out, select_classes
from experiments.gan.series import load_divided, of_series
from experiments.gan.settings import DIGITS, SINES, Settings
from networks.gan.blueprint import RANGES
from nn import DataError, ImageSet, Scaler, SequenceShape, digits
from nn.data.arrays import ARRAY_SUFFIXES, npz_headers
from nn.data.series.load import SERIES_SUFFIXES

BUILT_IN_COUNT = 2000
"""Digits or sines that are made without a limit."""

LEAST = 2
"""Entries that a validation score compares with."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Data:
    """Scaled entries in three parts, and what their numbers mean.

    Attributes
    ----------
    training, validation, test
        Learned from, as the networks see it; scoring the generator while it learns; for the evaluation.
    form
        Shape, classes and scaling.
    fingerprint
        A short text that changes with any number or label that is learned from.
    """

    training: Part
    validation: Part
    test: Part
    form: Form
    fingerprint: str

    @classmethod
    def of(cls, training: Part, validation: Part, test: Part, form: Form) -> Data:
        """Return data with their fingerprint."""
        return cls(training, validation, test, form, _fingerprint(training))

    def in_components(self, components: Components) -> Data:
        """Return the same entries, those to train on as components.

        What scores and tests are real entries themselves: what components leave out of them is missed.

        Raises
        ------
        DataError
            When they differ in length.
        """
        if self.training.masks is not None:
            raise DataError("--components: entries differ in length: leave it out, or take one --window")
        form = replace(self.form, components=components)
        values = components.transform(self.training.values, form.low, form.high)
        return replace(self, training=replace(self.training, values=values), form=form)


def _fingerprint(training: Part) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(training.values).data)
    for more in (training.labels, training.masks):
        if more is not None:
            digest.update(np.ascontiguousarray(more).data)
    return f"{len(training)} entries, sha256 {digest.hexdigest()[:16]}"


@contextmanager
def naming(source: str) -> Iterator[None]:
    """Within, errors about data say which these are."""
    try:
        yield
    except DataError as error:
        if source in str(error):
            raise
        raise DataError(f"{source}: {error}") from error


def load_data(
    settings: Settings, progress: Progress | None = None, components: Components | None = None
) -> Data:
    """Load, divide and scale what the settings name; the same settings give the same parts.

    Parameters
    ----------
    settings
        Name the data.
    progress
        Told how many files are read, of how many.
    components
        What entries are written in, where the settings ask for that; by default those of the training.

    Raises
    ------
    DataError
        When it cannot be used; names the file and what to do.
    """
    generator = np.random.default_rng([settings.seed, 1])
    low, high = RANGES[settings.output]
    with naming(settings.data):
        if are_series(settings):
            data = _series(settings, generator, low, high)
        else:
            data = _images(settings, generator, progress)
        if not settings.components:
            return data
        return data.in_components(components or Components.of(data.training.values, settings.components))


def are_series(settings: Settings) -> bool:
    """Return whether data are series, not images, by what they are called and how their files begin."""
    if settings.data in SINES:
        return True
    path = Path(settings.data)
    if settings.data == DIGITS or path.is_dir():
        return False
    suffix = path.suffix.lower()
    if suffix in ARRAY_SUFFIXES:
        kind = settings.kind or ("images" if _look_like_images(path) else "series")
        return kind == "series"
    return suffix in SERIES_SUFFIXES


def _look_like_images(path: Path) -> bool:
    """Return whether arrays are of bytes, or have four axes, or are called images."""
    try:
        if path.suffix.lower() == ".npz":
            headers = npz_headers(path)
            return "images" in headers or ("values" in headers and len(headers["values"].shape) == 4)
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except DataError:
        raise
    except Exception:  # NumPy's reader raises nearly anything; the reader of series says what is wrong
        return False
    return bool(array.ndim == 4 or array.dtype.kind == "u")


def _images(settings: Settings, generator: np.random.Generator, progress: Progress | None) -> Data:
    if settings.data == DIGITS:
        count = settings.limit or BUILT_IN_COUNT
        sets = [digits(count, settings.image_shape, generator=generator)]
    else:
        sets = load_pictures(settings, progress)
    there = () if sets[0].labels is None else tuple(map(str, np.unique(sets[0].labels).tolist()))
    classes = select_classes(settings, there)
    low, high = RANGES[settings.output]
    parts = [_of_images(each, classes, (low, high)) for each in sets]
    if not are_usable(parts[0].labels, classes, 4 - len(parts), settings):
        parts, classes = [replace(each, labels=None) for each in parts], ()
    training, validation, test = _divided(parts, settings, generator)
    form = Form.of(training, settings.image_shape, classes, low, high)
    return Data.of(training, validation, test, form)


def _of_images(images: ImageSet, classes: tuple[str, ...], limits: tuple[float, float]) -> Part:
    """Return images as entries, those of some classes alone, numbered by them."""
    rows, labels = np.arange(len(images)), None
    if classes and images.labels is not None:
        numbers = np.array([int(name) for name in classes])
        rows = np.flatnonzero(np.isin(images.labels, numbers))
        labels = np.searchsorted(numbers, images.labels[rows])
    values, _ = images.batch(rows)
    low, high = limits
    return Part(values * np.float32(high - low) + np.float32(low), labels, None)


def _divided(
    parts: list[Part], settings: Settings, generator: np.random.Generator
) -> tuple[Part, Part, Part]:
    """Return parts to train on, to score by and to test on; the last is there already where files hold it."""
    if len(parts) == 1:
        known, test = held_out(parts[0], settings.test_share, generator)
    else:
        known, test = parts
    training, validation = held_out(known, settings.validation_share, generator)
    _check_count(validation)
    return training, validation, test


def _check_count(validation: Part) -> None:
    if len(validation) < LEAST:
        raise DataError(
            f"too few entries to score by, {len(validation)}; at least {LEAST} are needed: give more, or a "
            "larger --validation-share"
        )


def _series(settings: Settings, generator: np.random.Generator, low: float, high: float) -> Data:
    sets, classes = load_divided(settings, generator, BUILT_IN_COUNT)
    scaler = Scaler.min_max(sets[0], low, high)
    parts = [of_series(scaler.transform(each)) for each in sets]
    training, validation, test = parts
    _check_count(validation)
    if len({part.values.shape[1] for part in parts}) > 1 or any(part.masks is not None for part in parts):
        steps = max(part.values.shape[1] for part in parts)
        training, validation, test = (part.padded(steps) for part in parts)
    shape = SequenceShape(*training.values.shape[1:])
    form = Form.of(training, shape, classes, low, high, scaler=scaler, variables=sets[0].variables)
    return Data.of(training, validation, test, form)
