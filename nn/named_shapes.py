"""Names, shapes and places of arrays that lie one after another in a flat one."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nn.short_text import join_names, short_repr


class NamedShapes:
    """Where each of several named arrays lies.

    Parameters
    ----------
    shapes
        Name to shape, in the order in which they lie in memory.

    Attributes
    ----------
    shapes
        As given.
    size
        How many numbers there are in all.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.shapes = {name: tuple(map(int, shape)) for name, shape in shapes.items()}
        self._places: dict[str, slice] = {}
        self.size = 0
        for name, shape in self.shapes.items():
            self._places[name] = slice(self.size, self.size + math.prod(shape))
            self.size = self._places[name].stop

    @property
    def names(self) -> list[str]:
        """Names in memory order."""
        return list(self.shapes)

    def __contains__(self, name: str) -> bool:
        return name in self.shapes

    @property
    def starts(self) -> dict[str, int]:
        """Where the arrays begin, by name, without empty ones."""
        return {name: place.start for name, place in self._places.items() if place.start < place.stop}

    def slice_of(self, name: str) -> slice:
        """Return where an array lies in the flat one.

        Raises
        ------
        KeyError
            When there is none of this name; the message lists those there are.
        """
        if name not in self._places:
            raise KeyError(f"no parameters called {short_repr(name)}; there are {join_names(self.shapes)}")
        return self._places[name]

    def name_of(self, position: int) -> str:
        """Name the entry at a flat position, for messages: `weights[3, 4]`.

        Raises
        ------
        IndexError
            When there is no such position.
        """
        for name, shape in self.shapes.items():
            place = self.slice_of(name)
            if place.start <= position < place.stop:
                return entry_name(name, shape, position - place.start)
        raise IndexError(f"there is no parameter {position} among {self.size}")

    def matching(self, prefix: str) -> list[str]:
        """Return the names of one array, or of all arrays of the network that `prefix` names.

        Raises
        ------
        ValueError
            When there is none.
        """
        names = [
            name for name in self.shapes if name == prefix or name.startswith(f"{prefix}.") or not prefix
        ]
        if not names and prefix:
            raise ValueError(
                f"no parameters called {short_repr(prefix)}; there are {join_names(self.shapes)}"
            )
        return names

    def under(self, prefix: str) -> dict[str, str]:
        """Return the names that begin with a prefix, by the rest of them; raise as `matching`."""
        return {name[len(prefix) :].removeprefix("."): name for name in self.matching(prefix)}


def entry_name(name: str, shape: tuple[int, ...], offset: int) -> str:
    """Name the entry at a flat offset of an array, for messages: `weights[3, 4]`."""
    index = ", ".join(str(int(i)) for i in np.unravel_index(offset, shape))
    return f"{name}[{index}]"


def pairs_by_prefix(
    here: NamedShapes, prefix: str, there: NamedShapes, other_prefix: str
) -> list[tuple[str, str]]:
    """Return the names of arrays that correspond to each other in two places.

    Parameters
    ----------
    here, there
        The two places.
    prefix, other_prefix
        Name of an array, or of a network all of whose arrays are meant, in each; "" means everything.

    Returns
    -------
    list of tuple of str
        The name here and the name there, in the order in which they lie here.

    Raises
    ------
    ValueError
        When names or shapes differ; the message names them.
    """
    own, theirs = here.under(prefix), there.under(other_prefix)
    more, less = _only_in(here, own, there, theirs), _only_in(there, theirs, here, own)
    if more or less:
        raise ValueError(
            f"parameters differ: here {', '.join(more) or 'nothing more'}; "
            f"there {', '.join(less) or 'nothing more'}"
        )
    return [(name, theirs[rest]) for rest, name in own.items()]


def _only_in(
    one: NamedShapes, names: Mapping[str, str], other: NamedShapes, other_names: Mapping[str, str]
) -> list[str]:
    """Describe the arrays of one place that the other does not have."""
    shapes = {rest: other.shapes[name] for rest, name in other_names.items()}
    return [
        f"{name} {one.shapes[name]}" for rest, name in names.items() if shapes.get(rest) != one.shapes[name]
    ]
