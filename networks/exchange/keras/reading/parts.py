"""What layers of theirs become: descriptions of networks of ours, and the arrays that belong to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from networks.exchange.keras.reading.fields import Fields
from networks.exchange.keras.refusals import RefusedError
from nn.shape import AnyShape, as_shape

IDENTITY = {"name": "identity"}


class Value(NamedTuple):
    """A tensor of theirs.

    Attributes
    ----------
    sizes
        Of its axes, but for that of entries.
    is_labels
        Whether it is an input of whole numbers, of which each is replaced by a row of features.
    margins
        Rows and columns of zeros on either side of an image, which the layer that reads it adds.
    """

    sizes: tuple[int, ...]
    is_labels: bool = False
    margins: tuple[int, int] = (0, 0)

    @property
    def shape(self) -> AnyShape:
        """Ours: features are 1 x 1 x features, labels end in 1."""
        sizes = (*self.sizes, 1) if self.is_labels else self.sizes
        try:
            return as_shape((1, 1, *sizes) if len(sizes) == 1 else sizes)
        except ValueError as error:
            raise RefusedError(str(error)) from None


@dataclass(eq=False)
class Part:
    """A network of ours.

    Attributes
    ----------
    described
        As `networks.network_from_configuration` reads it, input shapes included.
    value
        What it gives.
    arrays, state
        Its parameters and running statistics by name.
    frozen
        Names of the parameters that do not learn; an empty one stands for all.
    """

    described: dict[str, Any]
    value: Value
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    state: Mapping[str, np.ndarray] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()


class Layer(NamedTuple):
    """A layer of theirs.

    Attributes
    ----------
    fields
        Its description.
    read
        Returns its arrays of given names and shapes, in the order in which Keras has them; those of a part of
        it where the names of that follow.
    is_old
        Whether the file is of Keras 2.
    is_masked
        Whether steps that it masks are left to step masks.
    """

    fields: Fields
    read: Callable[..., dict[str, np.ndarray]]
    is_old: bool = False
    is_masked: bool = False


def made(
    source: Value,
    family: str,
    sizes: Sequence[int],
    fields: Mapping[str, Any] | None = None,
    arrays: Mapping[str, np.ndarray] | None = None,
    state: Mapping[str, np.ndarray] | None = None,
) -> Part:
    """Return a network that reads one value."""
    described = {"family": family, "input_shape": str(source.shape), **(fields or {})}
    return Part(described, Value(tuple(sizes)), arrays or {}, state or {})


def at_every_step(source: Value, part: Part, sizes: Sequence[int]) -> Part:
    """Return a network applied to every step of a value."""
    return Part(
        {"family": "time_distributed", "input_shape": str(source.shape), "network": part.described},
        Value(tuple(sizes)),
        {f"network.{name}": array for name, array in part.arrays.items()},
        {f"network.{name}": array for name, array in part.state.items()},
        tuple(f"network.{name}".removesuffix(".") for name in part.frozen),
    )


def only(fields: Fields, values: Sequence[Value]) -> Value:
    """Return the one value that a layer reads; labels are refused."""
    if len(values) != 1:
        fields.refuse(f"reads {len(values)} values; one is mapped")
    if values[0].is_labels:
        fields.refuse("reads whole numbers that an Embedding reads too; that is not mapped")
    if any(values[0].margins):
        fields.refuse("reads a ZeroPadding2D; a Conv2D or an AveragePooling2D of padding valid may")
    return values[0]
