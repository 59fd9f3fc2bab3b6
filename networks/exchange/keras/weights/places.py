"""Where the arrays of a layer are in a file of weights, by the layer's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple, Protocol

from networks.exchange.keras.reading.groups import NOTHING
from networks.exchange.keras.reading.hdf5 import Array, Group, text_of
from networks.exchange.keras.reading.named import arrays_by_layer
from networks.exchange.keras.refusals import RefusedError
from networks.exchange.keras.weights.counterparts import OPTIONAL, Counterpart, label
from nn.short_text import short_repr

CELL, VARIABLES = "cell", "vars"
"""The group of a direction of a recurrent layer within that of the layer, and that of arrays."""

WRAPPERS = ("time_distributed", "spectral_normalization")
"""Classes of layers whose arrays are those of the `layer` in them."""

NO_WEIGHTS = ("seed_generator", "optimizer")
"""Groups of numbers that are no weights."""


class Places(Protocol):
    """The arrays of a file, of which those that are found are told apart from the others."""

    def find(self, name: str, layer: Counterpart) -> dict[str, Array]:
        """Return the arrays of a layer that are there, by part and name."""

    def others(self) -> Iterator[str]:
        """Yield names of the arrays that were not found."""


class _Place(NamedTuple):
    """The group of a layer; its class is known in a list of layers alone, where groups are called so."""

    kind: str
    path: str
    group: Group


class GroupPlaces:
    """The groups of Keras 3, which follow class and counter, and say the layers' names within.

    Parameters
    ----------
    file
        Its group.
    """

    def __init__(self, file: Group) -> None:
        self._places: dict[str, list[_Place]] = {}
        self._labels: dict[int, str] = {}
        self._left: dict[int, str] = {}
        self._walk(file, (), "")

    def _walk(self, group: Group, names: tuple[str, ...], path: str) -> None:
        for name, member in group.members.items():
            if isinstance(member, Array):
                self._left[id(member)] = label(*names, name) if names else path + name
            elif name == VARIABLES:
                self._walk(member, names, f"{path}{name}/")
            elif name not in NO_WEIGHTS:
                variables = member.group(VARIABLES)
                inside = names
                if variables is not None:
                    said = text_of(variables.attributes.get("name"))
                    # the first versions of Keras 3 wrote no names: the place stands for it
                    inside = (*names, said) if said else (path + name,)
                    kind = re.sub(r"_\d+$", "", name) if path.endswith("layers/") else ""
                    self._places.setdefault(".".join(inside), []).append(_Place(kind, path + name, member))
                self._walk(member, inside, f"{path}{name}/")

    def find(self, name: str, layer: Counterpart) -> dict[str, Array]:
        """Return the arrays of a layer that are there, by part and name.

        Raises
        ------
        RefusedError
            When there are several layers of the name, or it is of another class, or the arrays may be others.
        """
        places = self._places.get(name, [])
        if not places:
            return {}
        if len(places) > 1:
            found = " and ".join(short_repr(each.path) for each in places[:3])
            raise RefusedError(f"{short_repr(name)}: {found} in the weights are both called so")
        (place,) = places
        group = place.group
        if place.kind in WRAPPERS or (not place.kind and group.group("layer")):
            for array in (group.group(VARIABLES) or NOTHING).members.values():
                self._left.pop(id(array), None)
            group = group.group("layer") or NOTHING
        elif place.kind and place.kind not in layer.kinds:
            raise RefusedError(
                f"{short_repr(name)}: is of the class {short_repr(place.kind)} in the weights, and a "
                f"{' or '.join(layer.kinds)} is in the network"
            )
        return self._of_parts(name, layer, group)

    def _of_parts(self, name: str, layer: Counterpart, group: Group) -> dict[str, Array]:
        found: dict[str, Array] = {}
        for part, slots in layer.parts.items():
            inside = (group.group(part) or NOTHING) if part else group
            variables = (inside.group(CELL) or inside).group(VARIABLES) or NOTHING
            arrays = [variables.members.get(str(number)) for number in range(len(variables.members))]
            for called, array in zip(_names(name, list(slots), len(arrays)), arrays, strict=True):
                if isinstance(array, Array):
                    found[label(part, called)] = array
                    self._left.pop(id(array), None)
        return found

    def others(self) -> Iterator[str]:
        """Yield names of the arrays that were not found."""
        yield from self._left.values()


def _names(layer: str, names: list[str], count: int) -> list[str]:
    """Return the names of so many arrays in their order, of which some of a layer may be left out."""
    optional = [name for name in names if name in OPTIONAL]
    fitting = [
        [name for name in names if name not in left_out]
        for left_out in combinations(optional, len(names) - count if count <= len(names) else 0)
    ]
    if count == 0:
        return []
    if count > len(names) or len(fitting) != 1 or len(fitting[0]) != count:
        raise RefusedError(
            f"{short_repr(layer)}: has {count} arrays without names in the weights, which may be several of "
            f"{', '.join(names)}"
        )
    return fitting[0]


class NamePlaces:
    """The names of Keras 2 and of legacy files, whose order says nothing.

    Parameters
    ----------
    group
        `model_weights`, or the file where it has weights alone.
    """

    def __init__(self, group: Group) -> None:
        self._arrays = arrays_by_layer(group)
        self._taken: set[int] = set()

    def find(self, name: str, layer: Counterpart) -> dict[str, Array]:
        """Return the arrays of a layer that are there, by part and name.

        Raises
        ------
        RefusedError
            When a name may be two arrays.
        """
        found: dict[str, Array] = {}
        top, *inside = name.split(".")
        for part, slots in layer.parts.items():
            for called in slots:
                fitting = {
                    path: array
                    for path, array in self._arrays.get(top, {}).items()
                    if _fits(path, [top, *inside], part, called)
                }
                if len(fitting) > 1:
                    both = " or ".join(short_repr(path) for path in list(fitting)[:3])
                    raise RefusedError(
                        f"{short_repr(name)}: its {called} may be {both} in the weights, whose order says "
                        "nothing"
                    )
                for array in fitting.values():
                    found[label(part, called)] = array
                    self._taken.add(id(array))
        return found

    def others(self) -> Iterator[str]:
        """Yield names of the arrays that were not found."""
        for layer, arrays in self._arrays.items():
            for path, array in arrays.items():
                if id(array) not in self._taken and not any(each in path for each in NO_WEIGHTS):
                    yield f"{layer}: {path}"


def _fits(path: str, layer: list[str], part: str, name: str) -> bool:
    """Return whether a path is that of an array of a layer, which may be in a model in a model."""
    *folders, last = re.sub(r":\d+$", "", path).split("/")
    direction = part.removesuffix("layer")
    if last != name or (direction and not any(each.startswith(direction) for each in folders)):
        return False
    if len(layer) == 1:
        return True
    if layer[-1] not in folders:
        return False
    # Keras 2 leaves out the models around a layer, Keras 3 does not
    before, around = folders[: folders.index(layer[-1])], layer[:-1]
    both = min(len(before), len(around))
    return before[len(before) - both :] == around[len(around) - both :]


def places_in(file: Group) -> Places:
    """Return where the arrays of a file are."""
    names: Mapping[str, object] = file.attributes
    if "layer_names" in names or "layer_names0" in names:
        return NamePlaces(file)
    weights = file.group("model_weights")
    return GroupPlaces(file) if weights is None else NamePlaces(weights)
