"""Loading films: from a file or a folder of any of the kinds that are read here."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn.argument_checks import check_positive
from nn.data.assemble import REASONS_SHOWN, warn_of_skipped
from nn.data.colour import check_channels
from nn.data.errors import DataError
from nn.data.fit import Fit, check_fit
from nn.data.folder import is_hidden
from nn.data.image_set import Skipped
from nn.data.picture import image_suffixes
from nn.data.video.animation import Animation, is_animated
from nn.data.video.film import Film, Fitted
from nn.data.video.film_set import FilmSet
from nn.data.video.frame_folder import FrameFolder, natural_order
from nn.data.video.gif import Gif
from nn.data.video.stored import Axes, stored_films
from nn.data.video.video_file import VIDEO_SUFFIXES, VideoFile
from nn.one_line import printable_name
from nn.shape import Shape

ARRAY = ".npy"
ANIMATED_SUFFIXES = frozenset((".gif", ".webp", ".apng", ".png", ".avif", ".avifs"))
"""Of files that hold one frame or several."""

MOVING_SUFFIXES = frozenset((".apng", ".avifs"))
"""Of files that hold several."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """How films are read; see `load_films`."""

    shape: Shape | None = None
    fit: Fit = "crop"
    channels: int | None = None
    rate: float | None = None
    axes: Axes | None = None


class Found(NamedTuple):
    """What may be a film: its name, and what opens it."""

    name: str
    open: Callable[[Reading], list[Film]]


def load_films(
    path: Path | str,
    *,
    shape: Shape | None = None,
    fit: Fit = "crop",
    channels: int | None = None,
    rate: float | None = None,
    axes: Axes | None = None,
) -> FilmSet:
    """Open films; frames are read when clips are asked for.

    A folder is looked through with all folders within: every video file, animated GIF, WebP, PNG or AVIF and
    every `.npy` is a film or several; image files are together the frames of one, in the order of the
    numbers in their names. Where a folder has films or folders of films, image files beside them are strays.
    Strays, films that cannot be used and files of other kinds are skipped: they are named in the log, and
    listed. A file that is given by its own path is refused instead.

    Parameters
    ----------
    path
        A folder, or a file.
    shape
        Height, width and channels that every frame is fitted into; None to take them as they are, all of
        one size.
    fit
        How frames of another size are fitted: "crop", "pad" on black, or "stretch".
    channels
        1 or 3; None as they are stored: 3 if one film has colour. Part of `shape`, where that is given.
    rate
        Frames a second, to repeat frames by the time that they are shown; see `nn.data.video.timing`.
    axes
        What the axes of arrays are, such as "TNHW"; see `nn.data.video.stored`.

    Raises
    ------
    DataError
        When there is no film, or films have frames of different sizes and there is no `shape`.
    ValueError
        When another argument cannot be.
    """
    path = Path(path)
    check_fit(fit)
    if fit == "random-crop":
        raise DataError("fit random-crop: frames of a clip are cut alike; take crop, pad or stretch")
    if shape is not None:
        channels = shape.channels
        if min(shape) < 1:
            raise DataError(f"shape {shape}: every side must be at least 1")
    if rate is not None:
        check_positive("rate", rate)
    if channels is not None:
        check_channels(channels)
    reading = Reading(shape, fit, channels, rate, axes)
    skipped: list[Skipped] = []
    if os.path.isdir(path):
        films = _open_all(path, reading, skipped)
    elif os.path.isfile(path):
        films = _film_file(path, path.name).open(reading)
    else:
        raise DataError(f"{path}: no such file or folder, or no permission to see it")
    _check_shapes(films, path)
    lengths = np.array([film.frames for film in films], np.int64)
    return FilmSet(films, np.zeros(len(films), np.int64), lengths, skipped, printable_name(str(path)))


def _open_all(root: Path, reading: Reading, skipped: list[Skipped]) -> list[Film]:
    found = list(_Search(root, skipped).films(root))
    opened = list(_opened(found, reading, skipped))
    if reading.channels is None and len({film.shape.channels for film in opened}) > 1:
        opened = list(_opened(found, replace(reading, channels=3), []))
    skipped.sort(key=lambda each: natural_order(each.path))
    if not opened:
        first = "; ".join(f"{name}: {why}" for name, why in skipped[:REASONS_SHOWN])
        raise DataError(f"{root}: no clips: {first or 'the folder is empty'}")
    warn_of_skipped(root, skipped, len(opened) + len(skipped))
    return opened


def _opened(found: list[Found], reading: Reading, skipped: list[Skipped]) -> Iterator[Film]:
    for each in found:
        try:
            yield from each.open(reading)
        except DataError as error:
            skipped.append(Skipped(each.name, str(error).removeprefix(f"{each.name}: ")))


class _Search:
    """Looks through folders for what may be films, and notes what is none."""

    def __init__(self, root: Path, skipped: list[Skipped]) -> None:
        self._root, self._skipped = root, skipped
        self._seen: set[str] = set()

    def films(self, folder: Path) -> list[Found]:
        """Return what is in a folder, in natural order; one that was visited is not entered again."""
        real = os.path.realpath(folder)
        if real in self._seen:
            return []
        self._seen.add(real)
        films: list[Found] = []
        stills: list[str] = []
        for name in self._names(folder):
            path = folder / name
            suffix = path.suffix.lower()
            if path.is_dir():
                films += self.films(path)
            elif suffix == ARRAY or suffix in VIDEO_SUFFIXES or _moves(path):
                films.append(_film_file(path, self._name(path)))
            elif suffix in image_suffixes():
                stills.append(name)
            else:
                self._skipped.append(Skipped(self._name(path), "neither a clip nor a frame"))
        if films or len(stills) == 1:  # their reader knows why a still is none, such as damage
            return films + [_film_file(folder / name, self._name(folder / name)) for name in stills]
        return [self._frames(folder, stills)] if stills else []

    def _names(self, folder: Path) -> list[str]:
        try:
            names = [name for name in os.listdir(folder) if not is_hidden(name)]
        except OSError as error:
            if folder == self._root:
                raise DataError(f"{self._root}: cannot list the folder: {error.strerror}") from error
            self._skipped.append(Skipped(self._name(folder), error.strerror or "cannot be listed"))
            return []
        return sorted(names, key=natural_order)

    def _frames(self, folder: Path, stills: list[str]) -> Found:
        name = printable_name(folder.name) if folder == self._root else self._name(folder)

        def opened(reading: Reading) -> list[Film]:
            return [FrameFolder(folder, stills, name, reading.channels, shape=reading.shape, fit=reading.fit)]

        return Found(name, opened)

    def _name(self, path: Path) -> str:
        return printable_name(path.relative_to(self._root).as_posix())


def _moves(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in MOVING_SUFFIXES or (suffix in ANIMATED_SUFFIXES and is_animated(path))


def _film_file(path: Path, name: str) -> Found:
    """Return what opens a file by its suffix; a file of no known kind is taken for a video."""
    suffix = path.suffix.lower()
    if suffix == ARRAY:
        return Found(
            name, lambda reading: [_fitted(each, reading) for each in stored_films(path, name, reading.axes)]
        )
    if suffix == ".gif":
        kind: type[Gif] | type[Animation] | type[VideoFile] = Gif
    elif suffix in ANIMATED_SUFFIXES or suffix in image_suffixes():
        kind = Animation
    else:
        kind = VideoFile
    return Found(name, lambda reading: [_fitted(kind(path, name, reading.channels, reading.rate), reading)])


def _fitted(film: Film, reading: Reading) -> Film:
    """Return a film whose frames have the shape, or the number of channels, that was asked for."""
    channels = reading.channels or film.shape.channels
    shape = reading.shape or Shape(film.shape.height, film.shape.width, channels)
    return film if film.shape == shape else Fitted(film, shape, reading.fit)


def _check_shapes(films: list[Film], path: Path) -> None:
    for film in films:
        if film.shape != films[0].shape:
            raise DataError(
                f"{path}: {film.name} has frames of {film.shape}, {films[0].name} of {films[0].shape}: give "
                "a shape to fit all into"
            )
