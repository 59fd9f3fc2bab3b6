"""Cutting many pictures, several at a time, into one array in their own order."""

from __future__ import annotations

import logging
import os
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn.data.errors import DataError
from nn.data.fit import Cutter, Piece
from nn.data.folder import reason
from nn.data.image_set import ImageSet, Skipped
from nn.data.levels import check_together, highest_of
from nn.data.memory import require_memory
from nn.data.source import Pictures

Progress = Callable[[int, int], None]
"""Called with the number of pictures read so far and their total, after each."""

# Pillow decodes without Python's lock; more threads than this only take memory for decoded pictures.
THREADS = min(4, os.cpu_count() or 1)

REASONS_SHOWN = 5

MOST_NAMED = 20
"""Files that cannot be used and are named one by one."""


logger = logging.getLogger(__name__)


class Cut(NamedTuple):
    """The pieces of a picture, and its largest number where they are floating point."""

    pieces: list[Piece]
    highest: float | None


def assemble(pictures: Pictures, cutter: Cutter, progress: Progress | None = None) -> ImageSet:
    """Cut every picture and gather the pieces, in order; pictures that fail are skipped and logged.

    Raises
    ------
    DataError
        When no picture is usable, floating point means one thing in one file and another in the next,
        or memory does not suffice.
    """
    images, masks = _allocate(cutter, len(pictures) * cutter.pieces)
    names: list[str] = []
    skipped = list(pictures.skipped)
    highest: dict[str, float] = {}
    with warnings.catch_warnings(), closing(_read_all(pictures, cutter)) as results:
        # Pillow warns on the error stream of what is logged here, file by file, as a reason.
        warnings.filterwarnings("ignore", module="PIL")
        for number, result in enumerate(results):
            if isinstance(result, Skipped):
                skipped.append(result)
            else:
                _store(result.pieces, images[len(names) :], None if masks is None else masks[len(names) :])
                names += _piece_names(pictures.names[number], cutter.pieces)
                if result.highest is not None:
                    highest[pictures.names[number]] = result.highest
            if progress:
                progress(number + 1, len(pictures))
    if not names:
        first = "; ".join(f"{path}: {why}" for path, why in skipped[:REASONS_SHOWN])
        total = len(skipped)
        raise DataError(f"{pictures.origin}: no usable image among {total}. First reasons: {first}")
    warn_of_skipped(pictures.origin, skipped, len(pictures) + len(pictures.skipped))
    check_together(pictures.origin, highest)
    if masks is not None:
        masks = None if masks[: len(names)].all() else masks[: len(names)]
    return ImageSet(images[: len(names)], names, masks, skipped=skipped)


def _allocate(cutter: Cutter, count: int) -> tuple[np.ndarray, np.ndarray | None]:
    shape = cutter.shape
    size_in_bytes = count * (shape.size + cutter.pads * shape.height * shape.width)
    require_memory(size_in_bytes, f"a set of {count} images of {shape}")
    images = np.empty((count, *shape), np.uint8)
    return images, np.ones((count, shape.height, shape.width), np.bool_) if cutter.pads else None


def _store(pieces: Sequence[Piece], images: np.ndarray, masks: np.ndarray | None) -> None:
    for place, piece in enumerate(pieces):
        images[place] = piece.pixels
        if masks is not None and piece.mask is not None:
            masks[place] = piece.mask


def _piece_names(name: str, pieces: int) -> list[str]:
    return [name] if pieces == 1 else [f"{name}#{place}" for place in range(pieces)]


def warn_of_skipped(origin: Path | str, skipped: Sequence[Skipped], total: int) -> None:
    """Name the files that could not be used, the first `MOST_NAMED` of them, and count them all."""
    for path, why in skipped[:MOST_NAMED]:
        logger.warning("%s: skipped: %s", path, why)
    if len(skipped) > MOST_NAMED:
        logger.warning("and %d more, %s", len(skipped) - MOST_NAMED, _by_reason(skipped[MOST_NAMED:]))
    if skipped:
        logger.warning("%s: %d of %d skipped", origin, len(skipped), total)


def _by_reason(skipped: Sequence[Skipped]) -> str:
    """Count files by why they could not be used, the commonest first."""
    counts = Counter(each.reason for each in skipped)
    return "; ".join(f"{count} of them: {why}" for why, count in counts.most_common(REASONS_SHOWN))


def _read_all(pictures: Pictures, cutter: Cutter) -> Generator[Cut | Skipped, None, None]:
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="images")
    try:
        yield from pool.map(partial(_read, pictures, cutter), range(len(pictures)))
    finally:
        pool.shutdown(cancel_futures=True)


def _read(pictures: Pictures, cutter: Cutter, index: int) -> Cut | Skipped:
    try:
        with pictures.open(index) as picture:
            return Cut(cutter(picture, index), highest_of(picture))
    except Exception as error:  # decoders raise nearly anything on damaged data; none may end the load
        return Skipped(pictures.names[index], reason(error))
