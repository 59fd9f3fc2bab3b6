"""Sources of mini-batches from arrays: any inputs and targets, and images that are their own targets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import copy
from typing import Self

import numpy as np
from numpy.typing import DTypeLike

from nn.history import padded
from nn.kernels.gather import are_entries
from nn.pixel_scaling import are_byte_images, scale_pixels
from nn.training.batch import Batch, BatchSource, Values, named
from nn.training.gather import (
    Gatherer,
    check_array,
    check_entries,
    checked_mask,
    gatherer,
    mask_gatherer,
)
from nn.training.split import split

__all__ = ["ArrayBatches", "Batch", "BatchSource", "ImageBatches"]

FINGERPRINT_BYTES = 2**26
"""Most bytes of entries that a fingerprint reads."""

FINGERPRINT_ROWS = 1024
"""Entries that it reads at once."""


class ArrayBatches:
    """Entries of arrays, or of several arrays by the name of a network's input or output.

    Batches are written into buffers that are used again: each call overwrites the batch before. Every copy
    has buffers of its own, and every thread; a copy by `copy.copy` shares the arrays, which are only read.

    Parameters
    ----------
    inputs
        (N, ...) of any kind that `nn.training.gather.gatherer` takes: images (N, height, width,
        channels), sequences (N, steps, features), vectors (N, K), tokens (N, steps). Images and videos in
        bytes become 0 to 1, other bytes are whole numbers: see `nn.pixel_scaling`.
    targets
        The same kinds; bytes are whole numbers here. Labels are whole numbers (N,), or (N, steps) where
        every step has one, or (N, height, width) where every pixel has. The inputs themselves where none
        are given, or the same array is or the same images in bytes are, as for an autoencoder: what
        is done to the inputs is done to these then.
    masks
        Which targets count, or how much, in [0, 1]: see `nn.training.gather.checked_mask`; by name where
        the targets have names. Where a mask is 0 the target may be anything, NaN or no label included.
        Class weights belong to the loss.
    step_masks
        Which steps are there, bool (N, steps). Inputs at other steps may be anything, and targets
        that have the same steps do not count there.
    dtype
        The network's: float32 or float64.

    Raises
    ------
    ValueError
        When arrays do not have the same number of entries, or are of a kind or shape that cannot be
        used; the message names the array.
    """

    def __init__(
        self,
        inputs: Values,
        targets: Values | None = None,
        masks: Values | None = None,
        step_masks: np.ndarray | None = None,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if not named(inputs):
            raise ValueError("inputs: give an array, or some by name")
        answers = inputs if targets is None else targets
        self._count = _checked_count(inputs, answers)
        self._step_masks = None if step_masks is None else _checked_steps(step_masks, self._count)
        weights = _checked_masks(masks, answers, step_masks)
        self._inputs = _input_gatherers(inputs, dtype, _checked_masks(None, inputs, step_masks))
        self._targets = self._inputs
        if answers is not inputs:
            self._targets = _target_gatherers(answers, inputs, self._inputs, dtype, weights)
        self._masks = {
            name: mask_gatherer(mask, named(answers)[name], dtype, _called("masks", name))
            for name, mask in weights.items()
        }
        self._plain = tuple(not isinstance(values, Mapping) for values in (inputs, answers))
        self._chosen: np.ndarray | None = None

    def __copy__(self) -> Self:
        other = type(self).__new__(type(self))
        vars(other).update(vars(self))
        other._inputs = _copies(self._inputs)
        other._targets = other._inputs if self._targets is self._inputs else _copies(self._targets)
        other._masks = _copies(self._masks)
        return other

    def __len__(self) -> int:
        return self._count if self._chosen is None else len(self._chosen)

    @property
    def size_in_bytes(self) -> int:
        """Bytes of the arrays that batches are gathered from."""
        return sum(each.rows.nbytes for each in {id(each): each for each in self._gatherers()}.values())

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the entries at `indices`, int (n,), as histories (..., N).

        Raises
        ------
        IndexError
            When there is no such entry.
        """
        if not are_entries(indices, len(self)):
            raise IndexError(f"entries {indices} of {len(self)}")
        rows = indices if self._chosen is None else self._chosen[indices]
        inputs = _gather(self._inputs, rows, self._plain[0])
        targets = inputs if self._targets is self._inputs else _gather(self._targets, rows, self._plain[1])
        masks = _gather(self._masks, rows, self._plain[1]) if self._masks else None
        return Batch(inputs, targets, masks, len(indices), self._step_mask(rows))

    def fingerprint(self) -> str:
        """Return a short text that changes with the entries, of which 64 MiB are read, evenly spread."""
        arrays = list({id(each): each.rows for each in self._gatherers()}.values())
        bytes_each = max(1, sum(rows[:1].nbytes for rows in arrays))
        count = min(len(self), max(1, FINGERPRINT_BYTES // bytes_each))
        chosen = np.linspace(0, len(self) - 1, count).astype(np.int64)
        indices = chosen if self._chosen is None else self._chosen[chosen]
        digest = hashlib.sha256(repr([(rows.dtype.str, rows.shape[1:]) for rows in arrays]).encode())
        for part in np.array_split(indices, -(-count // FINGERPRINT_ROWS)):
            for rows in arrays:
                digest.update(np.ascontiguousarray(rows[part]).data)
        return f"{len(self):,} entries, sha256 {digest.hexdigest()[:16]}"

    def _gatherers(self) -> list[Gatherer]:
        return [*self._inputs.values(), *self._targets.values(), *self._masks.values()]

    def select(self, indices: np.ndarray) -> ArrayBatches:
        """Return a source of some of the entries, int (n,), that shares the arrays but no buffer.

        Raises
        ------
        ValueError
            When there is no such entry, or the selection is empty.
        """
        if not len(indices) or np.min(indices) < 0 or np.max(indices) >= len(self):
            raise ValueError(f"cannot select entries {indices} of {len(self)}")
        part = copy(self)
        part._chosen = np.asarray(indices if self._chosen is None else self._chosen[indices])
        return part

    def split(
        self, fraction: float, *, generator: np.random.Generator, labels: np.ndarray | None = None
    ) -> tuple[ArrayBatches, ArrayBatches]:
        """Hold entries out to validate on; see `nn.training.split.split`.

        Returns
        -------
        training, held out
            Sources that share the arrays.
        """
        training, held_out = split(len(self), fraction, generator=generator, labels=labels)
        return self.select(training), self.select(held_out)

    def _step_mask(self, rows: np.ndarray) -> np.ndarray | None:
        if self._step_masks is None:
            return None
        mask = np.zeros((self._step_masks.shape[1], padded(len(rows))), np.bool_)
        mask[:, : len(rows)] = self._step_masks[rows].T
        return mask


class ImageBatches(ArrayBatches):
    """Images that are their own targets, as for an autoencoder.

    Batches are written into buffers that are used again: each call overwrites the batch before.

    Parameters
    ----------
    images
        (N, height, width, channels), uint8 (0 to 255) or floating point (0 to 1).
    masks
        bool (N, height, width), False on pixels that do not count; None where all do.
    dtype
        The network's: float32 or float64.

    Raises
    ------
    ValueError
        When there is no image, or images or masks have another shape or dtype.
    """

    def __init__(
        self, images: np.ndarray, masks: np.ndarray | None = None, *, dtype: DTypeLike = np.float32
    ) -> None:
        if images.ndim != 4 or not len(images):
            raise ValueError(f"images have shape {images.shape}, expected (N, height, width, channels)")
        if images.dtype != np.uint8 and images.dtype.kind != "f":
            raise ValueError(f"images are {images.dtype}, expected uint8 or floating point")
        if masks is not None and (masks.dtype != np.bool_ or masks.shape != images.shape[:3]):
            raise ValueError(
                f"masks are {masks.dtype} {masks.shape}, expected bool {images.shape[:3]} for these images"
            )
        if images.shape[1:3] == (1, 1):  # without channels they could be taken for vectors
            images = scale_pixels(images, dtype)
        super().__init__(images, masks=masks, dtype=dtype)


def _called(what: str, name: str) -> str:
    return f"{what} {name}" if name else what


def _copies(gatherers: Mapping[str, Gatherer]) -> dict[str, Gatherer]:
    return {name: copy(each) for name, each in gatherers.items()}


def _checked_count(inputs: Values, targets: Values) -> int:
    """Return how many entries there are; refuse arrays that have none, or not as many as the first."""
    count = None
    for what, values in (("inputs", inputs), ("targets", targets)):
        for name, array in named(values).items():
            check_entries(array, _called(what, name))
            count = len(array) if count is None else count
            if len(array) != count:
                raise ValueError(f"{_called(what, name)}: {len(array)} entries, the inputs {count}")
    assert count is not None
    return count


def _gather(gatherers: Mapping[str, Gatherer], rows: np.ndarray, plain: bool) -> Values:
    values = {name: each.gather(rows) for name, each in gatherers.items()}
    return values[""] if plain else values


def _input_gatherers(
    inputs: Values, dtype: DTypeLike, counted: Mapping[str, np.ndarray]
) -> dict[str, Gatherer]:
    return {
        name: gatherer(
            array,
            dtype,
            _called("inputs", name),
            brightness=are_byte_images(array),
            counted=counted.get(name),
        )
        for name, array in named(inputs).items()
    }


def _target_gatherers(
    targets: Values,
    inputs: Values,
    of_inputs: dict[str, Gatherer],
    dtype: DTypeLike,
    counted: Mapping[str, np.ndarray],
) -> dict[str, Gatherer]:
    """Return the gatherers of targets: that of an input where they are this input itself."""
    gatherers = {}
    for name, array in named(targets).items():
        own = [each for each, given in named(inputs).items() if _are_one(array, given)]
        gatherers[name] = (
            of_inputs[own[0]]
            if own
            else gatherer(array, dtype, _called("targets", name), counted=counted.get(name))
        )
    return gatherers


def _are_one(targets: np.ndarray, inputs: np.ndarray) -> bool:
    """Whether targets are the inputs: the same array, or equal images in bytes."""
    if targets is inputs:
        return True
    are_images = are_byte_images(targets) and are_byte_images(inputs)
    return are_images and np.array_equal(targets, inputs)


def _checked_steps(step_masks: np.ndarray, count: int) -> np.ndarray:
    check_array(step_masks, "step masks")
    if step_masks.dtype != np.bool_ or step_masks.ndim != 2 or len(step_masks) != count:
        raise ValueError(
            f"step masks are {step_masks.dtype} {step_masks.shape}, expected bool ({count}, steps)"
        )
    return step_masks


def _checked_masks(
    masks: Values | None, targets: Values, step_masks: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Return the masks of those targets that have one; see `nn.training.gather.checked_mask`."""
    answers, given = named(targets), named(masks)
    if unknown := given.keys() - answers.keys():
        there, here = (", ".join(map(repr, names)) for names in (unknown, answers))
        raise ValueError(f"masks are given for {there}, targets for {here}")
    checked = {
        name: checked_mask(given.get(name), array, _called("masks", name), step_masks)
        for name, array in answers.items()
    }
    return {name: mask for name, mask in checked.items() if mask is not None}
