"""Where the arrays of a layer are in files of Keras 2 and legacy files: under the names of layers.

A model within a model has all its arrays in one group there, those that learn first, so that their order
says nothing: they are read by name, and what is ambiguous is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from networks.exchange.keras.reading.groups import Named, checked
from networks.exchange.keras.reading.hdf5 import Array, Group, text_of
from networks.exchange.keras.refusals import RefusedError
from nn.short_text import short_repr

MOST_PIECES = 10_000
"""Most attributes that a long list of names is split into."""


class NamedArrays:
    """The arrays of a layer, or of a model.

    Parameters
    ----------
    group
        `model_weights`, or the file where it has weights alone.
    """

    def __init__(self, group: Group) -> None:
        self._arrays = arrays_by_layer(group)
        self._top: Mapping[str, Array] | None = None
        self._within: tuple[str, ...] = ()
        self._taken: set[int] = set()

    def layers(self, layers: Sequence[Named]) -> list[NamedArrays]:
        """Return those of the layers of a model."""
        return [self._of(each.name) for each in layers]

    def _of(self, name: str) -> NamedArrays:
        found = NamedArrays.__new__(NamedArrays)
        found._arrays, found._taken = self._arrays, self._taken
        found._top = self._arrays.get(name, {}) if self._top is None else self._top
        found._within = (*self._within, name)
        return found

    def part(self, name: str) -> NamedArrays:
        """Return those of a layer within a layer, which are not told apart from its own."""
        return self

    def read(self, where: str, shapes: Mapping[str, tuple[int, ...]], *inside: str) -> dict[str, np.ndarray]:
        """Return arrays by name, of these shapes."""
        return {
            name: checked(where, name, self._find(where, name, inside), shape)
            for name, shape in shapes.items()
        }

    def _find(self, where: str, name: str, inside: tuple[str, ...]) -> Array | None:
        direction = next((each.removesuffix("layer") for each in inside if each.endswith("_layer")), None)
        named = {path: array for path, array in (self._top or {}).items() if _last(path) == name}
        if direction is not None:
            named = {path: array for path, array in named.items() if _is_within(path, direction)}
        if len(self._within) > 1:
            layer = self._within[-1]
            named = {path: array for path, array in named.items() if layer in path.split("/")[:-1]}
        if len(named) > 1:
            found = " or ".join(short_repr(path) for path in list(named)[:3])
            raise RefusedError(f"{where}: its {name} may be {found} in the file, whose order says nothing")
        for array in named.values():
            self._taken.add(id(array))
            return array
        return None

    def check_all_read(self) -> None:
        """Refuse arrays that no layer has read; the states of generators are none."""
        for layer, arrays in self._arrays.items():
            for path, array in arrays.items():
                if id(array) not in self._taken and "seed_generator" not in path:
                    what = f"{short_repr(path)} of {short_repr(layer)}"
                    raise RefusedError(f"{what} in the weights belongs to no layer that is mapped")


def _last(path: str) -> str:
    """Return the last part of a name such as dense/kernel:0, and of a bidirectional one of Keras 2."""
    return re.sub(r":\d+$", "", path).rsplit("/", 1)[-1]


def _is_within(path: str, direction: str) -> bool:
    return any(part.startswith(direction) for part in path.split("/")[:-1])


def _names(group: Group, attribute: str) -> list[str]:
    """Return a list of names, which may be split into several attributes.

    They come as text, bytes, arrays of objects, or, where there are none, as empty arrays of numbers.
    """
    pieces = (
        [group.attributes[attribute]] if attribute in group.attributes else list(_pieces(group, attribute))
    )
    found = [text_of(each) for piece in pieces for each in np.atleast_1d(piece).tolist()]
    names = [each for each in found if each is not None]
    if len(names) < len(found) or len(set(names)) < len(names):
        raise RefusedError(f"{attribute} in the weights are no different names")
    return names


def _pieces(group: Group, attribute: str) -> Iterator[Any]:
    for number in range(MOST_PIECES):
        if f"{attribute}{number}" not in group.attributes:
            return
        yield group.attributes[f"{attribute}{number}"]


def arrays_by_layer(group: Group) -> dict[str, dict[str, Array]]:
    """Return the arrays of every layer, by the names that the file lists.

    Raises
    ------
    RefusedError
        When there are others, or not all of them are there.
    """
    return {name: _arrays_of(group, name) for name in _names(group, "layer_names")}


def _arrays_of(group: Group, layer: str) -> dict[str, Array]:
    """Return the arrays of a layer by the names that its group lists."""
    found = group.group(layer)
    if found is None:
        raise RefusedError(f"the weights of {short_repr(layer)} are listed in the file, and not there")
    there = dict(found.arrays())
    names = _names(found, "weight_names")
    for name in names:
        if name not in there:
            raise RefusedError(
                f"{short_repr(name)} of {short_repr(layer)} is listed in the file, and not there"
            )
    if len(there) > len(names):
        raise RefusedError(f"the weights of {short_repr(layer)} hold more arrays than are listed")
    return {name: there[name] for name in names}
