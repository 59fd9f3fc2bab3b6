"""All parameters of a network in one flat array, their gradients in another, with named views.

Optimizers, clipping and snapshots see one vector; networks see `parameters["weights"]`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import DTypeLike

from nn.history import aligned_zeros
from nn.parameter_limit import check_parameter_count


class Parameters:
    """Named arrays that share one flat array of values and one of gradients.

    Both start at zero. When the parameters are joined into those of a larger network, the arrays
    move: look them up where they are used, and keep no view.

    Parameters
    ----------
    shapes
        Name to shape, in the order in which they lie in memory.
    dtype
        float32 for training, float64 for gradient checks.

    Attributes
    ----------
    shapes, dtype
        As given.
    size
        Number of parameters.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], dtype: DTypeLike = np.float32) -> None:
        self.shapes = dict(shapes)
        self.dtype = np.dtype(dtype)
        self._starts: dict[str, int] = {}
        position = 0
        for name, shape in self.shapes.items():
            self._starts[name] = position
            position += math.prod(shape)
        self.size = position
        check_parameter_count(position)
        self._values: np.ndarray | None = None
        self._gradients: np.ndarray | None = None
        self._parent: tuple[Parameters, int] | None = None
        self._children: list[Parameters] = []
        self._frozen: set[str] = set()

    @property
    def names(self) -> list[str]:
        """Names in memory order."""
        return list(self.shapes)

    @property
    def values(self) -> np.ndarray:
        """Flat values, (size,)."""
        if self._values is None:
            if self._parent is None:
                self._values = aligned_zeros(self.size, self.dtype)
            else:
                joined, start = self._parent
                self._values = joined.values[start : start + self.size]
        return self._values

    @property
    def gradients(self) -> np.ndarray:
        """Flat gradients, (size,); made on first use, so a network that needs none spends nothing."""
        if self._gradients is None:
            if self._parent is None:
                self._gradients = aligned_zeros(self.size, self.dtype)
            else:
                joined, start = self._parent
                self._gradients = joined.gradients[start : start + self.size]
        return self._gradients

    def __getitem__(self, name: str) -> np.ndarray:
        return self._view(self.values, name)

    def gradient(self, name: str) -> np.ndarray:
        """Return the gradients of one array, as a view of its shape."""
        return self._view(self.gradients, name)

    def _view(self, flat: np.ndarray, name: str) -> np.ndarray:
        shape = self.shapes[name]
        start = self._starts[name]
        return flat[start : start + math.prod(shape)].reshape(shape)

    def __contains__(self, name: str) -> bool:
        return name in self.shapes

    def name_of(self, position: int) -> str:
        """Name the entry at a flat position, for messages: `weights[3, 4]`.

        Raises
        ------
        IndexError
            When there is no such position.
        """
        for name, shape in self.shapes.items():
            offset = position - self._starts[name]
            if 0 <= offset < math.prod(shape):
                return entry_name(name, shape, offset)
        raise IndexError(f"there is no parameter {position} among {self.size}")

    def zero_gradients(self) -> None:
        """Set every gradient to zero; gradients that nobody asked for are not made."""
        if self._root()._gradients is not None:
            self.gradients[:] = 0

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
            raise ValueError(f"no parameters called {prefix!r}; there are {', '.join(self.shapes) or 'none'}")
        return names

    def freeze(self, prefix: str = "") -> None:
        """Keep optimizers from changing an array, or all arrays of a network; "" names all there are.

        Raises
        ------
        ValueError
            When there is no such name.
        """
        self._set_frozen(self.matching(prefix), True)

    def unfreeze(self, prefix: str = "") -> None:
        """Let optimizers change what `freeze` froze.

        Raises
        ------
        ValueError
            When there is no such name.
        """
        self._set_frozen(self.matching(prefix), False)

    def _set_frozen(self, names: list[str], frozen: bool) -> None:
        """Tell the whole that these are part of; it alone remembers."""
        root, start = self._place()
        places = {start + self._starts[name] for name in names if self._count(name)}
        chosen = {name for name, position in root._starts.items() if position in places and root._count(name)}
        root._frozen = root._frozen | chosen if frozen else root._frozen - chosen

    @property
    def frozen(self) -> list[str]:
        """Names of the arrays that optimizers leave alone, in memory order."""
        root, start = self._place()
        positions = {root._starts[name] for name in root._frozen}
        return [name for name in self.shapes if self._count(name) and start + self._starts[name] in positions]

    def trainable_slices(self) -> list[slice]:
        """Return where the flat arrays are not frozen, in order, neighbours together."""
        if not self._root()._frozen:
            return [slice(0, self.size)] if self.size else []
        frozen = set(self.frozen)
        slices: list[slice] = []
        for name in self.shapes:
            start = self._starts[name]
            stop = start + self._count(name)
            if name in frozen or start == stop:
                continue
            if slices and slices[-1].stop == start:
                start = slices.pop().start
            slices.append(slice(start, stop))
        return slices

    def slice_of(self, name: str) -> slice:
        """Return where an array lies in the flat ones."""
        return slice(self._starts[name], self._starts[name] + self._count(name))

    def _count(self, name: str) -> int:
        return math.prod(self.shapes[name])

    def _place(self) -> tuple[Parameters, int]:
        """Return the whole that these are part of, and where they begin in it."""
        if self._parent is None:
            return self, 0
        parent, start = self._parent
        root, before = parent._place()
        return root, before + start

    def share(self, other: Parameters) -> None:
        """Become a second use of another's arrays: the same values, and gradients that add up in one place.

        Raises
        ------
        ValueError
            When names, shapes or dtypes differ, or these are part of another network already.
        """
        if self.shapes != other.shapes or self.dtype != other.dtype:
            raise ValueError("parameters can be shared where names, shapes and dtypes are the same")
        if self._parent is not None:
            raise ValueError("these parameters are part of another network already and cannot be shared ones")
        self._parent = (other, 0)
        other._children.append(self)
        self._forget_arrays()

    def _root(self) -> Parameters:
        """Return the whole that these parameters are part of, at the end of all joins."""
        return self if self._parent is None else self._parent[0]._root()

    def copy_from(self, other: Parameters, prefix: str = "", other_prefix: str | None = None) -> None:
        """Copy the values of parameters with the same names and shapes, in whatever order they lie.

        Parameters
        ----------
        other
            Where the values come from; their dtype may be another.
        prefix
            Name of an array, or of a network all of whose arrays are copied; "" copies everything.
        other_prefix
            What `prefix` is called there, if not the same.

        Raises
        ------
        ValueError
            When names or shapes differ; nothing is copied then.
        """
        here = self._under(prefix)
        there = other._under(prefix if other_prefix is None else other_prefix)
        if {name: self.shapes[own] for name, own in here.items()} != {
            name: other.shapes[own] for name, own in there.items()
        }:
            more, less = _differences(self, here, other, there), _differences(other, there, self, here)
            raise ValueError(
                f"parameters differ: here {', '.join(more) or 'nothing more'}; "
                f"there {', '.join(less) or 'nothing more'}"
            )
        for name, own in here.items():
            self[own][...] = other[there[name]]

    def _under(self, prefix: str) -> dict[str, str]:
        """Return the names that begin with a prefix by the rest of them."""
        return {name[len(prefix) :].removeprefix("."): name for name in self.matching(prefix)}

    def copy(self) -> Parameters:
        """Return parameters of the same names, shapes and values that share no memory and no gradients."""
        duplicate = Parameters(self.shapes, self.dtype)
        duplicate.values[:] = self.values
        return duplicate

    @classmethod
    def join(cls, parts: Mapping[str, Parameters]) -> Parameters:
        """Lay the parameters of several networks into one; the parts become views of it.

        Values are kept, gradients start at zero. Parts may be joined ones themselves.

        Parameters
        ----------
        parts
            Name to parameters; a part's array `weights` is called `name.weights` in the whole.

        Returns
        -------
        Parameters

        Raises
        ------
        ValueError
            When there is no part, dtypes differ, or a part has been joined before or comes twice:
            it can only live in one place. Nothing is moved then.
        """
        _check_parts(parts)
        shapes = {
            f"{part}.{name}": shape for part, child in parts.items() for name, shape in child.shapes.items()
        }
        joined = cls(shapes, next(iter(parts.values())).dtype)
        position = 0
        for part, child in parts.items():
            joined.values[position : position + child.size] = child.values
            child._parent = (joined, position)
            child._forget_arrays()
            joined._children.append(child)
            joined._take_frozen(f"{part}.", child)
            position += child.size
        return joined

    def _take_frozen(self, prefix: str, child: Parameters) -> None:
        """Remember what a part has frozen: from now on the whole does."""
        self._frozen |= {prefix + name for name in child._frozen}
        child._frozen = set()

    def _forget_arrays(self) -> None:
        """Look the arrays up in the parent at the next use, in this part and in its own parts."""
        self._values = self._gradients = None
        for child in self._children:
            child._forget_arrays()


def entry_name(name: str, shape: tuple[int, ...], offset: int) -> str:
    """Name the entry at a flat offset of an array, for messages: `weights[3, 4]`."""
    index = ", ".join(str(int(i)) for i in np.unravel_index(offset, shape))
    return f"{name}[{index}]"


def _differences(
    parameters: Parameters, names: Mapping[str, str], other: Parameters, other_names: Mapping[str, str]
) -> list[str]:
    """Describe the arrays of one that the other does not have."""
    theirs = {name: other.shapes[own] for name, own in other_names.items()}
    return [
        f"{own} {parameters.shapes[own]}"
        for name, own in names.items()
        if theirs.get(name) != parameters.shapes[own]
    ]


def _check_parts(parts: Mapping[str, Parameters]) -> None:
    dtypes = {child.dtype for child in parts.values()}
    if len(dtypes) != 1:
        raise ValueError(
            f"networks can be joined when they share one dtype; theirs: {sorted(map(str, dtypes))}"
        )
    seen: set[int] = set()
    for name, child in parts.items():
        if child._parent is not None or id(child) in seen:
            raise ValueError(
                f"the parameters of network {name} are part of another network already: "
                "put that whole network in, or a new one that copies them"
            )
        seen.add(id(child))
