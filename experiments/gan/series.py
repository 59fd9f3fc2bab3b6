"""Series from files or made up, divided before windows are cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.gan.parts import Part, are_usable, select_classes
from experiments.gan.settings import DEFAULT_WINDOW, SINES, Settings
from nn import (
    DataError,
    Roles,
    SeriesSet,
    check_apart,
    cut_windows,
    load_series,
    sines,
    split_by_time,
    split_series,
    timegan_order,
)

IN_PYTHON = 'load with missing="interpolate", or missing="keep" for NaN'
"""What a message about missing values advises there."""


def load_divided(
    settings: Settings, generator: np.random.Generator, built_in: int
) -> tuple[list[SeriesSet], tuple[str, ...]]:
    """Return series to train on, to score by and to test on, not scaled, and the classes they have.

    Parameters
    ----------
    settings
        Name the data, and say how they are divided.
    generator
        Draws sines, and which series are held out.
    built_in
        Sines that are made without a limit.

    Raises
    ------
    DataError
        When the data cannot be used.
    """
    series = _load(settings, generator, built_in)
    classes = select_classes(settings, series.classes if series.labels is not None else ())
    series_classes, series = series.classes or None, _of_classes(series, classes)
    sets = [series]
    if settings.test_data is not None:
        test = _read(settings.test_data, settings, series_classes)
        if (test.labels is None) != (series.labels is None):
            raise DataError(
                f"{settings.test_data}: labels are in one of both files alone: give both, or none"
            )
        sets.append(_of_classes(test, classes))
    if settings.timegan_order:
        sets = [timegan_order(each) for each in sets]
    by_time = settings.split_by == "time" or (settings.split_by is None and len(set(series.names)) == 1)
    if not are_usable(series.labels, classes, 1 if by_time else 4 - len(sets), settings):
        sets, classes = [replace(each, labels=None, classes=()) for each in sets], ()
    known, test = (
        sets if len(sets) == 2 else _divide(sets[0], settings.test_share, settings, generator, by_time)
    )
    training, validation = _divide(known, settings.validation_share, settings, generator, by_time)
    for other in (validation, test):
        check_apart(training, other)
    return [_windows(each, settings) for each in (training, validation, test)], classes


def of_series(series: SeriesSet) -> Part:
    """Return series as entries."""
    masks = None if series.mask.all() else series.mask
    return Part(series.values, series.labels, masks)


def _load(settings: Settings, generator: np.random.Generator, built_in: int) -> SeriesSet:
    if settings.data in SINES:
        steps, variables = settings.window or DEFAULT_WINDOW, settings.sine_variables
        count = settings.limit or built_in
        return sines(count, steps, variables, definition=SINES[settings.data], generator=generator)
    series = _read(Path(settings.data), settings, None)
    return series if settings.limit is None else series.select(np.arange(min(settings.limit, len(series))))


def _read(path: Path, settings: Settings, classes: tuple[str, ...] | None) -> SeriesSet:
    roles = Roles(
        settings.series_column,
        settings.label_column,
        settings.time_column,
        settings.variables or None,
        settings.row,
    )
    try:
        return load_series(
            path, roles=None if roles == Roles() else roles, missing=settings.missing, classes=classes
        )
    except DataError as error:
        raise DataError(str(error).replace(IN_PYTHON, "give --missing interpolate")) from error


def _of_classes(series: SeriesSet, classes: tuple[str, ...]) -> SeriesSet:
    """Return the series of some classes, numbered by them."""
    if series.labels is None or classes == series.classes:
        return series
    numbers = np.array([series.classes.index(name) for name in classes])
    chosen = series.select(np.flatnonzero(np.isin(series.labels, numbers)))
    assert chosen.labels is not None
    return replace(chosen, labels=np.searchsorted(numbers, chosen.labels), classes=classes)


def _divide(
    series: SeriesSet, share: float, settings: Settings, generator: np.random.Generator, by_time: bool
) -> tuple[SeriesSet, SeriesSet]:
    if not by_time:
        return split_series(series, share, generator=generator)
    if settings.window is None:
        raise DataError(
            f"{settings.data}: {len(series)} series divided by time: say how long the windows are that it is "
            "cut into afterwards, by --window"
        )
    return split_by_time(series, share, window=settings.window)


def _windows(series: SeriesSet, settings: Settings) -> SeriesSet:
    if settings.window is None or settings.data in SINES:
        return series
    return cut_windows(series, settings.window, settings.stride)
