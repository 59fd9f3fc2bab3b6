"""Sources of mini-batches from arrays: any inputs and targets, and images that are their own targets."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

import numpy as np
from numpy.typing import DTypeLike

from nn.brightness import are_brightnesses, shares
from nn.history import padded
from nn.kernels.batches import are_entries
from nn.training.batch import Batch, BatchSource, Values, named
from nn.training.gather import Gatherer, check_array, gatherer, mask_gatherer
from nn.training.split import split

__all__ = ["ArrayBatches", "Batch", "BatchSource", "ImageBatches"]


class ArrayBatches:
    """Entries of arrays, or of several arrays by the name of a network's input or output.

    Batches are written into buffers that are used again: each call overwrites the batch before.

    Parameters
    ----------
    inputs
        (N, ...) of any kind that `nn.training.gather.gatherer` takes: images (N, height, width,
        channels), sequences (N, steps, features), vectors (N, K), tokens (N, steps). Images and videos in
        bytes become 0 to 1, other bytes are whole numbers: see `nn.brightness`.
    targets
        The same kinds; bytes are whole numbers here. Labels are whole numbers (N,), or (N, steps) where
        every step has one, or (N, height, width) where every pixel has. The inputs themselves where none
        are given, or the same array is, as an autoencoder wants them: what is done to the inputs is done
        to these then.
    masks
        Which targets count, or how much, in [0, 1]: see `nn.training.gather.mask_gatherer`; by name
        where the targets have names. Weights of classes are the loss's matter.
    step_masks
        Which steps are there, bool (N, steps). Where no masks are given, the targets of steps that are
        not there do not count.
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
        self._inputs = _input_gatherers(inputs, dtype)
        self._targets = _target_gatherers(answers, inputs, self._inputs, dtype)
        self._count = len(next(iter(self._inputs.values())))
        for what, gatherers in (("inputs", self._inputs), ("targets", self._targets)):
            for name, each in gatherers.items():
                if len(each) != self._count:
                    raise ValueError(f"{_called(what, name)}: {len(each)} entries, the inputs {self._count}")
        self._step_masks = None if step_masks is None else _checked_steps(step_masks, self._count)
        self._masks = _mask_gatherers(masks, answers, step_masks, dtype)
        self._plain = tuple(not isinstance(values, Mapping) for values in (inputs, answers))
        self._chosen: np.ndarray | None = None

    def __len__(self) -> int:
        return self._count if self._chosen is None else len(self._chosen)

    @property
    def size_in_bytes(self) -> int:
        """Bytes of the arrays that batches are gathered from."""
        parts = {id(each): each for each in (*self._inputs.values(), *self._targets.values())}
        return sum(each.rows.nbytes for each in [*parts.values(), *self._masks.values()])

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

    def select(self, indices: np.ndarray) -> ArrayBatches:
        """Return a source of some of the entries, int (n,), that shares the arrays but no buffer.

        Raises
        ------
        ValueError
            When there is no such entry, or none at all.
        """
        if not len(indices) or np.min(indices) < 0 or np.max(indices) >= len(self):
            raise ValueError(f"cannot select entries {indices} of {len(self)}")
        part = copy(self)
        part._inputs = {name: each.twin() for name, each in self._inputs.items()}
        part._targets = part._inputs
        if self._targets is not self._inputs:
            part._targets = {name: each.twin() for name, each in self._targets.items()}
        part._masks = {name: each.twin() for name, each in self._masks.items()}
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
    """Images that are their own targets, as an autoencoder wants them.

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
        if images.shape[1:3] == (1, 1):  # which could be vectors, were it not said that they are images
            images = shares(images, dtype)
        super().__init__(images, masks=masks, dtype=dtype)


def _called(what: str, name: str) -> str:
    return f"{what} {name}" if name else what


def _gather(gatherers: Mapping[str, Gatherer], rows: np.ndarray, plain: bool) -> Values:
    values = {name: each.gather(rows) for name, each in gatherers.items()}
    return values[""] if plain else values


def _input_gatherers(inputs: Values, dtype: DTypeLike) -> dict[str, Gatherer]:
    gatherers = {}
    for name, array in named(inputs).items():
        check_array(array, _called("inputs", name))
        brightness = are_brightnesses(array)
        gatherers[name] = gatherer(array, dtype, _called("inputs", name), brightness=brightness)
    return gatherers


def _target_gatherers(
    targets: Values, inputs: Values, of_inputs: dict[str, Gatherer], dtype: DTypeLike
) -> dict[str, Gatherer]:
    """Return the gatherers of targets: that of an input where they are this input itself."""
    if targets is inputs:
        return of_inputs
    gatherers = {}
    for name, array in named(targets).items():
        check_array(array, _called("targets", name))
        own = [each for each, given in named(inputs).items() if _are_one(array, given)]
        gatherers[name] = of_inputs[own[0]] if own else gatherer(array, dtype, _called("targets", name))
    return gatherers


def _are_one(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two arrays are one, or views of the same part of one."""
    first_place, second_place = first.__array_interface__, second.__array_interface__
    return all(first_place[key] == second_place[key] for key in ("data", "shape", "strides", "typestr"))


def _checked_steps(step_masks: np.ndarray, count: int) -> np.ndarray:
    check_array(step_masks, "step masks")
    if step_masks.dtype != np.bool_ or step_masks.ndim != 2 or len(step_masks) != count:
        raise ValueError(
            f"step masks are {step_masks.dtype} {step_masks.shape}, expected bool ({count}, steps)"
        )
    return step_masks


def _mask_gatherers(
    masks: Values | None, targets: Values, step_masks: np.ndarray | None, dtype: DTypeLike
) -> dict[str, Gatherer]:
    answers = named(targets)
    given = dict(named(masks))
    if unknown := given.keys() - answers.keys():
        there, here = (", ".join(map(repr, names)) for names in (unknown, answers))
        raise ValueError(f"masks are given for {there}, targets for {here}")
    if masks is None and step_masks is not None:
        given = {name: step_masks for name, a in answers.items() if a.shape[:2] == step_masks.shape}
    return {
        name: mask_gatherer(mask, answers[name], dtype, _called("masks", name))
        for name, mask in given.items()
    }
