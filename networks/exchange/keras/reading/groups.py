"""Where the arrays of a layer are in files of Keras 3: in groups by class and counter, whatever its name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from networks.exchange.keras.reading.hdf5 import Array, Group, text_of
from networks.exchange.keras.refusals import RefusedError
from nn.short_text import short_repr

FLOATS = ("float16", "bfloat16", "float32", "float64")

NOTHING = Group({}, {})


class Named(NamedTuple):
    """A layer as its groups are found."""

    kind: str
    name: str


class Groups:
    """The group of a layer, or of a model.

    Parameters
    ----------
    group
        In the file; None where it has none.
    path
        There, for errors.
    """

    def __init__(self, group: Group | None, path: str = "") -> None:
        self._group, self._path = group or NOTHING, path
        self._is_there = group is not None
        self._taken: set[str] = set()
        self._inside: list[Groups] = []

    def layers(self, layers: Sequence[Named]) -> list[Groups]:
        """Return the groups of the layers of a model, in the order in which Keras has them."""
        container = self._group.group("layers")
        numbers: Counter[str] = Counter()
        found = []
        for layer in layers:
            base = snake_case(layer.kind)
            name = f"{base}_{numbers[base]}" if numbers[base] else base
            numbers[base] += 1
            group = None if container is None else container.group(name)
            self._check_name(group, layer, f"{self._path}layers/{name}")
            found.append(Groups(group, f"{self._path}layers/{name}/"))
        self._inside += found
        self._taken.update(f"layers/{each._path.rsplit('/', 2)[-2]}" for each in found)
        return found

    def _check_name(self, group: Group | None, layer: Named, path: str) -> None:
        """Refuse a group that says itself to be that of another layer."""
        variables = None if group is None else group.group("vars")
        said = None if variables is None else text_of(variables.attributes.get("name"))
        if said is not None and said != layer.name:
            raise RefusedError(
                f"{layer.name}: its weights would be in {path}, which says to be {short_repr(said)}"
            )

    def part(self, name: str) -> Groups:
        """Return the group of a layer within a layer."""
        found = Groups(self._group.group(name), f"{self._path}{name}/")
        self._inside.append(found)
        self._taken.add(name)
        return found

    def read(self, where: str, shapes: Mapping[str, tuple[int, ...]], *inside: str) -> dict[str, np.ndarray]:
        """Return arrays by the names that a layer gives them, of these shapes and in this order."""
        if inside:
            return self.part(inside[0]).read(where, shapes, *inside[1:])
        variables = self._group.group("vars")
        self._taken.add("vars")
        if variables is None:
            raise RefusedError(
                f"{where}: the file has no weights at {self._path}vars; Keras cannot read it either where a "
                "layer is shared by models"
            )
        if len(variables.members) != len(shapes):
            raise RefusedError(
                f"{where}: the file has {len(variables.members)} arrays at {self._path}vars, and "
                f"{len(shapes)} are expected: {', '.join(shapes)}"
            )
        return {
            name: checked(where, name, variables.members.get(str(number)), shape)
            for number, (name, shape) in enumerate(shapes.items())
        }

    def check_all_read(self) -> None:
        """Refuse arrays that no layer has read; the states of generators are none."""
        for path in self._unread():
            raise RefusedError(f"{short_repr(path)} in the weights belongs to no layer that is mapped")

    def _unread(self) -> Iterator[str]:
        for name, member in self._group.members.items():
            if name in self._taken or name in ("seed_generator", "optimizer"):
                continue
            if isinstance(member, Array):
                yield f"{self._path}{name}"
                continue
            for below, _ in member.arrays():
                layer = below.split("/", 1)[0]
                if name == "layers" and f"layers/{layer}" in self._taken:
                    continue
                yield f"{self._path}{name}/{below}"
        for each in self._inside:
            yield from each._unread()


def snake_case(kind: str) -> str:
    """Return a class's name as groups have it: Conv2DTranspose is conv2d_transpose there."""
    name = re.sub(r"\W+", "", kind)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def checked(where: str, name: str, found: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of floats of a shape.

    Raises
    ------
    RefusedError
        When it is none, has another shape, or NaN.
    """
    if not isinstance(found, Array):
        raise RefusedError(f"{where}: the file has no {name}")
    if str(found.dtype) not in FLOATS:
        raise RefusedError(f"{where}: its {name} is of {found.dtype}; {', '.join(FLOATS)} are mapped")
    if tuple(found.shape) != tuple(shape):
        _refuse_shape(where, name, found.shape, shape)
    array = found.read()
    if not np.isfinite(array).all():
        raise RefusedError(f"{where}: its {name} holds NaN or infinity")
    return array if array.dtype.itemsize >= 4 else array.astype(np.float32)


def _refuse_shape(where: str, name: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> NoReturn:
    written = [" x ".join(map(str, shape)) or "a single number" for shape in (found, wanted)]
    raise RefusedError(f"{where}: its {name} is {written[0]} in the file, and {written[1]} is expected")
