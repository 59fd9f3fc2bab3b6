"""Films of any length, divided before clips of one length are cut from them."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nn.argument_checks import check_count, check_generator
from nn.data.assemble import warn_of_skipped
from nn.data.errors import DataError
from nn.data.expectation import DataSet, Facts
from nn.data.image_set import Skipped
from nn.data.memory import require_memory
from nn.data.series.splits import check_share_held_out, share_of
from nn.data.video.clip_source import FEWER_CLIPS, ClipSource, check_numbers
from nn.data.video.film import Film
from nn.shape import Shape, VideoShape

DECODED_LIMIT = 256 * 1024 * 1024
"""Bytes of decoded films that are kept, for clips that are asked for in any order."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FilmSet:
    """Films, or parts of films, with frames of one shape.

    Attributes
    ----------
    films
        N films; parts of one film are the same object.
    starts
        First frame of each part: int64 (N,).
    lengths
        Its frames: int64 (N,).
    skipped
        Files that could not be used.
    source
        What messages call what they were read from.
    """

    films: Sequence[Film]
    starts: np.ndarray
    lengths: np.ndarray
    skipped: Sequence[Skipped] = ()
    source: str = ""

    def __len__(self) -> int:
        return len(self.films)

    @property
    def names(self) -> list[str]:
        """N names; parts of one film have its name."""
        return [film.name for film in self.films]

    @property
    def shape(self) -> Shape:
        """Height, width and channels of every frame."""
        return self.films[0].shape

    def select(self, indices: np.ndarray) -> FilmSet:
        """Return those at `indices`, int (n,), in that order."""
        films = [self.films[index] for index in indices]
        return replace(self, films=films, starts=self.starts[indices], lengths=self.lengths[indices])

    def split(self, held_out_fraction: float, *, generator: np.random.Generator) -> tuple[FilmSet, FilmSet]:
        """Divide whole films at random; parts of one stay together.

        Parameters
        ----------
        held_out_fraction
            Share of the films to hold out, in (0, 1); at least one, and not all.
        generator
            Draws which.

        Returns
        -------
        training, held_out
            Both in the old order.

        Raises
        ------
        DataError
            When there is only one film.
        """
        check_share_held_out(held_out_fraction)
        check_generator(generator)
        numbers: dict[int, int] = {}  # of films in their order, which places in memory do not have
        groups = np.array([numbers.setdefault(id(film), len(numbers)) for film in self.films])
        count = len(numbers)
        if count < 2:
            raise DataError(
                f"{self.source}: one film: there is none to hold out; give more, or split_by_time"
            )
        chosen = generator.permutation(count)[: share_of(count, held_out_fraction)]
        held_out = np.isin(groups, chosen)
        return self.select(np.flatnonzero(~held_out)), self.select(np.flatnonzero(held_out))

    def split_by_time(
        self, held_out_fraction: float, *, steps: int, gap: int | None = None
    ) -> tuple[FilmSet, FilmSet]:
        """Divide every film: its first frames to train on, its last held out, some between left out.

        Parameters
        ----------
        held_out_fraction
            Share of the frames to hold out, in (0, 1).
        steps
            Frames of the clips that will be cut: both sides have at least one.
        gap
            Frames between both sides, by default `steps`; at least as many.

        Raises
        ------
        DataError
            When the gap is shorter, or a film too short.
        """
        check_share_held_out(held_out_fraction)
        check_count("split: steps", steps)
        gap = steps if gap is None else gap
        if gap < steps:
            raise DataError(f"a gap of {gap} frames is shorter than a clip of {steps}: give at least {steps}")
        held_out = np.array([share_of(int(length), held_out_fraction) for length in self.lengths])
        held_out = np.maximum(held_out, steps)
        training = self.lengths - gap - held_out
        short = np.flatnonzero(training < steps)
        if len(short):
            row = short[0]
            raise DataError(
                f"{self.films[row].name}: {self.lengths[row]} frames: {gap} of gap and {held_out[row]} held "
                f"out leave {max(0, training[row])} to train on, fewer than a clip of {steps}: take shorter "
                "clips, hold out less, or leave it out"
            )
        later = self.starts + self.lengths - held_out
        return replace(self, lengths=training), replace(self, starts=later, lengths=held_out)

    def cut(self, steps: int, stride: int | None = None) -> Clips:
        """Return clips of one length, which start every `stride` frames; by default they do not overlap.

        Films that are shorter are skipped: they are named in the log, and listed.

        Raises
        ------
        DataError
            When all are shorter.
        """
        check_count("clips: steps", steps)
        stride = steps if stride is None else check_count("clips: stride", stride)
        long = self.lengths >= steps
        skipped = [
            Skipped(film.name, f"{length} frames, a clip has {steps}")
            for film, length in zip(self.films, self.lengths, strict=True)
            if length < steps
        ]
        if not long.any():
            longest = int(self.lengths.argmax())
            raise DataError(
                f"{self.source}: no film is as long as a clip of {steps} frames: the longest, "
                f"{self.films[longest].name}, has {self.lengths[longest]}"
            )
        warn_of_skipped(self.source, skipped, len(self))
        counts = np.where(long, (self.lengths - steps) // stride + 1, 0)
        rows = np.repeat(np.arange(len(self)), counts)
        places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return Clips(
            self.films,
            rows,
            self.starts[rows] + stride * places,
            steps,
            [*self.skipped, *skipped],
            self.source,
        )


class Clips(ClipSource, DataSet):
    """Clips of one length, read when they are asked for.

    Decoded films are kept, up to `DECODED_LIMIT` bytes, where a frame needs those before it; longer ones
    are decoded anew from the nearest place that allows it. To decode nothing twice: `store_clips`.

    Parameters
    ----------
    films
        What the clips are from.
    rows
        Which film each is from: int64 (N,).
    firsts
        Its first frame there: int64 (N,).
    steps
        Frames of each.
    skipped
        Files that could not be used, and films that are shorter.
    source
        What messages call what they were read from.
    """

    def __init__(
        self,
        films: Sequence[Film],
        rows: np.ndarray,
        firsts: np.ndarray,
        steps: int,
        skipped: Sequence[Skipped] = (),
        source: str = "",
    ) -> None:
        self.films, self.rows, self.firsts = films, rows, firsts
        self.skipped, self.source = skipped, source
        self._shape = VideoShape(steps, *films[0].shape)
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> VideoShape:
        """Steps, height, width and channels of every clip."""
        return self._shape

    @property
    def names(self) -> list[str]:
        """N names: that of the film, and the first frame in it."""
        return [f"{self.films[row].name}#{first}" for row, first in zip(self.rows, self.firsts, strict=True)]

    def facts(self) -> Facts:
        """Return what `validate` looks at; frames are not read for it."""
        return Facts("clips", tuple(self._shape), self.names, ("step", "row", "column", "channel"))

    def check_apart_from(self, held_out: Clips) -> None:
        """Refuse clips that share frames; see `check_clips_apart`."""
        check_clips_apart(self, held_out)

    def clips(self, numbers: np.ndarray) -> np.ndarray:
        """Return the clips of some numbers; see `ClipSource.clips`."""
        numbers = check_numbers(numbers)
        if numbers.max() >= len(self):
            raise DataError(f"{self.source}: clip {numbers.max()} of {len(self)}")
        require_memory(len(numbers) * self._shape.size, f"{len(numbers)} clips of {self._shape}", FEWER_CLIPS)
        clips = np.empty((len(numbers), *self._shape), np.uint8)
        for clip, row, first in zip(clips, self.rows[numbers], self.firsts[numbers], strict=True):
            clip[:] = self._read(self.films[row], int(first))
        return clips

    def _read(self, film: Film, first: int) -> np.ndarray:
        size = film.frames * film.shape.size
        if not film.in_order or size > DECODED_LIMIT:
            return film.read(first, self._shape.steps)
        whole = self._kept.pop(id(film), None)
        if whole is None:
            whole = film.read(0, film.frames)
            while self._kept and size + sum(each.nbytes for each in self._kept.values()) > DECODED_LIMIT:
                self._kept.popitem(last=False)
        self._kept[id(film)] = whole
        return whole[first : first + self._shape.steps]


def check_clips_apart(training: Clips, held_out: Clips) -> None:
    """Refuse clips that share frames of a film.

    Raises
    ------
    DataError
        Naming the first such pair.
    """
    spans: dict[int, list[int]] = {}
    for row, first in zip(training.rows, training.firsts, strict=True):
        spans.setdefault(id(training.films[row]), []).append(int(first))
    arrays = {film: np.sort(np.array(firsts)) for film, firsts in spans.items()}
    steps, others = training.shape.steps, held_out.shape.steps
    for row, first in zip(held_out.rows, held_out.firsts, strict=True):
        firsts = arrays.get(id(held_out.films[row]))
        if firsts is None:
            continue
        place = int(np.searchsorted(firsts, first - steps, side="right"))
        if place < len(firsts) and firsts[place] < first + others:
            raise DataError(
                f"{held_out.films[row].name}: frames {first} to {first + others - 1} are held out, and "
                f"{firsts[place]} to {firsts[place] + steps - 1} are trained on: they overlap; divide films "
                "by split or split_by_time before clips are cut"
            )
