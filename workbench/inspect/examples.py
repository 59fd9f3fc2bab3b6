"""Examples: as batches for a network, and as pictures for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from networks import Network
from networks.base.wiring import as_image
from nn import AnyShape, Batch, BatchSource, from_history
from nn.history import aligned_zeros, padded
from nn.training.batch import Values, named

PICTURED = (1, 3, 4)
"""Numbers of channels that can be shown as a picture."""


class Images(NamedTuple):
    """Some examples with their names.

    Attributes
    ----------
    batch
        As the network takes them; its arrays are copies.
    names
        Of each.
    """

    batch: Batch
    names: list[str]

    @property
    def values(self) -> np.ndarray:
        """The inputs, float32 (n, ...); the first where there are several."""
        return from_history(first_of(self.batch.inputs), len(self.names))

    def inputs(self, shapes: Sequence[AnyShape]) -> list[np.ndarray]:
        """Return the values of every input of a network, float32 (n, size), given their shapes."""
        count = len(self.names)
        parts = [from_history(each, count).reshape(count, -1) for each in named(self.batch.inputs).values()]
        ends = np.cumsum([shape.size for shape in shapes])
        return np.split(np.concatenate(parts, axis=1), ends[:-1], axis=1)

    @property
    def mask(self) -> np.ndarray | None:
        """The mask of the targets, float32 (n, ...); None where there is none."""
        mask = self.batch.mask
        return None if not named(mask) else from_history(first_of(mask), len(self.names))

    @property
    def repeats(self) -> bool:
        """Whether the targets are the inputs, as those of an autoencoder."""
        return self.batch.targets is self.batch.inputs


class Examples(Protocol):
    """The examples of a source, by number."""

    def __len__(self) -> int:
        """How many there are."""

    def at(self, indices: np.ndarray) -> Images:
        """Return some of them, int (n,), as they are when nothing is learned from them."""

    def images(self, batch: Batch, indices: np.ndarray) -> Images:
        """Return the first entries of a batch, which are the examples of these numbers."""


class NamedExamples:
    """Examples of a source of batches.

    Parameters
    ----------
    source
        Asked for entries.
    names
        Of them; by default their numbers.
    """

    def __init__(self, source: BatchSource, names: Sequence[str] | None = None) -> None:
        self._source, self._names = source, names

    def __len__(self) -> int:
        """How many there are."""
        return len(self._source)

    def at(self, indices: np.ndarray) -> Images:
        """See `Examples.at`."""
        return self.images(self._source.batch(indices), indices)

    def images(self, batch: Batch, indices: np.ndarray) -> Images:
        """See `Examples.images`."""
        numbers = indices.tolist()
        names = [f"example {n}" if self._names is None else self._names[n] for n in numbers]
        return Images(select_entries(batch, len(numbers)), names)


def in_order_of_inputs(batch: Batch, network: Network) -> Batch:
    """Return a batch with its inputs in the order of the network's inputs."""
    names = getattr(network, "input_shapes", None)
    if not isinstance(batch.inputs, Mapping) or not isinstance(names, Mapping):
        return batch
    if names.keys() != batch.inputs.keys():
        return batch  # for the network to refuse
    inputs = {name: batch.inputs[name] for name in names}
    return batch._replace(inputs=inputs, targets=inputs if batch.targets is batch.inputs else batch.targets)


def select_entries(batch: Batch, entries: int, first: int = 0) -> Batch:
    """Return a copy of some entries of a batch; targets that are the inputs stay the same arrays."""
    inputs = entries_of(batch.inputs, entries, first)
    targets = inputs if batch.targets is batch.inputs else entries_of(batch.targets, entries, first)
    mask = None if batch.mask is None else entries_of(batch.mask, entries, first)
    steps = None if batch.step_mask is None else _padded(batch.step_mask[..., first : first + entries])
    return Batch(inputs, targets, mask, entries, steps)


def entries_of(values: Values, entries: int, first: int = 0) -> Values:
    """Return a copy of some entries of histories, padded to whole vectors."""
    if isinstance(values, Mapping):
        return {name: _padded(array[..., first : first + entries]) for name, array in values.items()}
    return _padded(values[..., first : first + entries])


def _padded(values: np.ndarray) -> np.ndarray:
    copy = aligned_zeros((*values.shape[:-1], padded(values.shape[-1])), values.dtype)
    copy[..., : values.shape[-1]] = values
    return copy


def first_of(values: Values | None) -> np.ndarray:
    """Return the first of several arrays of histories, or the only one."""
    return next(iter(named(values).values()))


def brightness_range(values: np.ndarray) -> tuple[float, float]:
    """Return which values are black and white: 0 and 1, or the extremes of the values beyond these."""
    known = values[np.isfinite(values)]
    return float(min(0.0, known.min(initial=0.0))), float(max(1.0, known.max(initial=1.0)))


def pictures(values: np.ndarray, shape: AnyShape, span: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
    """Return values (n, *shape) as pictures, uint8 (n, height, width, channels).

    The lower value of `span` is black and the upper one white; values beyond are clipped. NaN is black.
    Channels are averaged where their number is not in PICTURED.
    """
    levels = _laid_out(values.reshape(len(values), *as_image(shape)))
    if levels.shape[-1] not in PICTURED:
        levels = levels.mean(axis=-1, keepdims=True)
    low, high = span
    return to_bytes(levels if span == (0.0, 1.0) else (levels - low) / (high - low))


def _laid_out(levels: np.ndarray) -> np.ndarray:
    """Return a single pixel of many channels, or a column of single-channel pixels, as a row of numbers."""
    count, height, width, channels = levels.shape
    if width > 1 or (height > 1 and channels > 1):
        return levels
    return levels.reshape(count, 1, height * channels, 1)


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Return brightnesses as uint8: 0 to 1 become 0 to 255, values beyond are clipped, NaN is black."""
    levels = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=0.0)
    return np.rint(np.clip(levels, 0, 1) * 255).astype(np.uint8)


def squared_errors(images: Images, outputs: np.ndarray) -> list[float | None]:
    """Return the mean squared error of each output under the mask.

    Outputs are clipped to 0 to 1 where all values of the input lie there.
    """
    wanted = images.values
    inner = tuple(range(1, wanted.ndim))
    bounded = (wanted.min(axis=inner, keepdims=True) >= 0) & (wanted.max(axis=inner, keepdims=True) <= 1)
    squares = np.square(np.where(bounded, np.clip(outputs, 0, 1), outputs) - wanted)
    weights = np.broadcast_to(np.ones(1) if images.mask is None else images.mask, squares.shape)
    axes = tuple(range(1, squares.ndim))
    with np.errstate(invalid="ignore"):
        errors = np.where(weights, squares * weights, 0).sum(axis=axes) / weights.sum(axis=axes)
    return [float(error) if np.isfinite(error) else None for error in errors]
