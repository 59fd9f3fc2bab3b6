"""Layers of Keras, as they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from networks.base.network import Network
from nn.shape import AnyShape


@dataclass(eq=False)
class Theirs:
    """A layer of Keras.

    Attributes
    ----------
    kind
        Its class.
    sizes
        Of what it gives, without entries.
    configuration
        Its description, but for its name and the kind of numbers.
    variables
        Its arrays by name, in the order of Keras.
    inside
        Layers within it, by the name of the part that they are.
    part
        Of a recurrent layer, the part that has the arrays.
    trainable
        Whether it learns.
    """

    kind: str
    sizes: tuple[int, ...]
    configuration: dict[str, Any] = field(default_factory=dict)
    variables: Mapping[str, np.ndarray] = field(default_factory=dict)
    inside: Mapping[str, Theirs] = field(default_factory=dict)
    part: str = ""
    trainable: bool = True


class Ours(NamedTuple):
    """A layer of ours to be written.

    Attributes
    ----------
    name
        In the network.
    layer
        That holds no others.
    given
        Sizes of what it reads, as Keras has them there.
    """

    name: str
    layer: Network
    given: tuple[tuple[int, ...], ...]


def theirs_of(shape: AnyShape) -> tuple[int, ...]:
    """Return sizes as Keras has them: 1 x 1 x features are features."""
    return shape[2:] if len(shape) == 3 and shape[:2] == (1, 1) else tuple(shape)


def arranged(given: tuple[int, ...], wanted: Sequence[int]) -> list[Theirs]:
    """Return what brings values into other sizes, if anything is needed."""
    wanted = tuple(wanted)
    if given == wanted:
        return []
    if len(wanted) == 1:
        return [Theirs("Flatten", wanted)]
    return [Theirs("Reshape", wanted, {"target_shape": list(wanted)})]
