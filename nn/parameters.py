"""All parameters of a network in one flat array, their gradients in another, with named views.

Optimizers, clipping and snapshots see one vector; networks see `parameters["weights"]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import DTypeLike

from nn.deep_copied import DeepCopied, make_writable
from nn.history import aligned_zeros
from nn.named_shapes import NamedShapes, pairs_by_prefix
from nn.parameter_limit import check_memory, give_parameters, uncounted


class Parameters(NamedShapes, DeepCopied):
    """Named arrays that share one flat array of values and one of gradients.

    Both start at zero. When the parameters are joined into those of a larger network, the arrays
    move: look them up where they are used, and keep no view.

    A copy of a whole has copies of its parts, joined as these are. A copy of a part alone is a whole.

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
    collects_gradients
        Whether backward passes add to the gradients; see `gradients_kept`.

    Raises
    ------
    MemoryError
        When they, or later their gradients, need more memory than is available; the message has the figures.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], dtype: DTypeLike = np.float32) -> None:
        super().__init__(shapes)
        self.dtype = np.dtype(dtype)
        give_parameters(self.size)
        check_memory(self.size * self.dtype.itemsize, "for its parameters")
        self._values: np.ndarray | None = None
        self._gradients: np.ndarray | None = None
        self._parent: tuple[Parameters, int] | None = None
        self._parts: list[tuple[Parameters, int]] = []
        self._sharing: list[Parameters] = []
        self._frozen: set[str] = set()
        self.collects_gradients = True
        self._lineage: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the whole that these are part of; where there are parts, they keep the values."""
        numbers: dict[str, Any] = {"_values": None, "_gradients": None}
        if not self._parts:
            numbers["_values"] = self.values
            numbers["_gradients"] = None if self._root()._gradients is None else self.gradients
        frozen = self._frozen if self._parent is None else set(self.frozen)
        return {**vars(self), **numbers, "_frozen": frozen, "_parent": None}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)
        self._values, self._gradients = (
            (_laid_together(self._parts, name) if self._parts else make_writable(state[name]))
            for name in ("_values", "_gradients")
        )
        for child, start in self._below():
            child._belong_to(self, start)
            child._frozen = set()

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
                check_memory(self.size * self.dtype.itemsize, "for its gradients")
                self._gradients = aligned_zeros(self.size, self.dtype)
            else:
                joined, start = self._parent
                self._gradients = joined.gradients[start : start + self.size]
        return self._gradients

    def __getitem__(self, name: str) -> np.ndarray:
        return self.view(self.values, name)

    def gradient(self, name: str) -> np.ndarray:
        """Return the gradients of one array, as a view of its shape."""
        return self.view(self.gradients, name)

    def view(self, flat: np.ndarray, name: str) -> np.ndarray:
        """Return one array, as a view of its shape, of what lies flat as the values do."""
        return flat[self.slice_of(name)].reshape(self.shapes[name])

    def zero_gradients(self) -> None:
        """Set every gradient to zero; gradients not used so far are not allocated."""
        if self._root()._gradients is not None:
            self.gradients[:] = 0

    @contextmanager
    def gradients_kept(self) -> Iterator[None]:
        """Within, backward passes propagate signals and leave the gradients as they are, which is faster.

        For a network that only passes signals on, such as the discriminator in a step of the generator.
        """
        self._collect_gradients(False)
        try:
            yield
        finally:
            self._collect_gradients(True)

    def _collect_gradients(self, wanted: bool) -> None:
        self.collects_gradients = wanted
        for each in (*(part for part, _ in self._parts), *self._sharing):
            each._collect_gradients(wanted)

    def freeze(self, prefix: str = "") -> None:
        """Keep optimizers from changing an array, or all arrays of a network; "" names all.

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
        """Tell the whole that these are part of, which records it."""
        root, start = self._place()
        places = {start + position for name, position in self.starts.items() if name in names}
        chosen = {name for name, position in root.starts.items() if position in places}
        root._frozen = root._frozen | chosen if frozen else root._frozen - chosen

    @property
    def frozen(self) -> list[str]:
        """Names of the arrays that optimizers leave alone, in memory order."""
        root, start = self._place()
        if not root._frozen:
            return []
        positions = {root.slice_of(name).start for name in root._frozen}
        return [name for name, position in self.starts.items() if start + position in positions]

    def trainable_slices(self) -> list[slice]:
        """Return where the flat arrays are not frozen, in order, neighbours together."""
        if not self._root()._frozen:
            return [slice(0, self.size)] if self.size else []
        frozen = set(self.frozen)
        slices: list[slice] = []
        for name in self.names:
            place = self.slice_of(name)
            if name in frozen or place.start == place.stop:
                continue
            if slices and slices[-1].stop == place.start:
                place = slice(slices.pop().start, place.stop)
            slices.append(place)
        return slices

    @property
    def lineage(self) -> str | None:
        """Identifies these and their copies once something has learned from them: `nn.parameter_binding`."""
        return self._lineage

    def begin_lineage(self) -> str:
        """Return the lineage, a new one where there is none yet."""
        if self._lineage is None:
            self._lineage = uuid4().hex
        return self._lineage

    def is_same_as(self, other: Parameters) -> bool:
        """Whether these share their numbers with others: other names of them, or a second use."""
        return self is other or (self._place() == other._place() and self.size == other.size)

    def start_within(self, whole: Parameters) -> int:
        """Return where these begin among the flat values of a whole that they are part of."""
        return self._place()[1] - whole._place()[1]

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
        other._sharing.append(self)
        self._belong_to(other, 0)

    def _root(self) -> Parameters:
        """Return the whole that these parameters are part of, at the end of all joins."""
        return self._place()[0]

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
        pairs = pairs_by_prefix(self, prefix, other, prefix if other_prefix is None else other_prefix)
        for here, there in pairs:
            self[here][...] = other[there]

    def copy(self) -> Parameters:
        """Return parameters of the same names, shapes and values that share no memory and no gradients."""
        with uncounted():
            duplicate = Parameters(self.shapes, self.dtype)
        duplicate.values[:] = self.values
        return duplicate

    @staticmethod
    def _check_parts(parts: Mapping[str, Parameters]) -> None:
        dtypes = {child.dtype for child in parts.values()}
        if len(dtypes) != 1:
            theirs = ", ".join(f"{name} {child.dtype}" for name, child in parts.items())
            raise ValueError(f"networks can be joined when they share one dtype; theirs: {theirs}")
        seen: set[int] = set()
        for name, child in parts.items():
            if child._parent is not None or id(child) in seen:
                raise ValueError(
                    f"the parameters of network {name} are part of another network already: "
                    "put that whole network in, or a new one that copies them"
                )
            seen.add(id(child))

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
            When there is no part, dtypes differ, or a part has been joined before or comes twice: it can only
            be in one place. Nothing is changed then.
        """
        cls._check_parts(parts)
        shapes = {
            f"{part}.{name}": shape for part, child in parts.items() for name, shape in child.shapes.items()
        }
        with uncounted():
            joined = cls(shapes, next(iter(parts.values())).dtype)
        position = 0
        for part, child in parts.items():
            joined.values[position : position + child.size] = child.values
            child._belong_to(joined, position)
            joined._parts.append((child, position))
            joined._take_frozen(f"{part}.", child)
            position += child.size
        return joined

    def _take_frozen(self, prefix: str, child: Parameters) -> None:
        """Take over what a part has frozen: the whole records it from now on."""
        self._frozen |= {prefix + name for name in child._frozen}
        child._frozen = set()

    def _belong_to(self, whole: Parameters, start: int) -> None:
        """Become part of a whole."""
        self._parent = (whole, start)
        self._forget_arrays()

    def _below(self) -> list[tuple[Parameters, int]]:
        """Return all parameters within these, and where they begin: parts, and second uses of parts."""
        return [*self._parts, *((other, 0) for other in self._sharing)]

    def _forget_arrays(self) -> None:
        """Look the arrays up in the parent at the next use, in this part and in all within it."""
        self._values = self._gradients = None
        for child, _ in self._below():
            child._forget_arrays()


def _laid_together(parts: list[tuple[Parameters, int]], name: str) -> np.ndarray | None:
    """Return the values of parts one after another, None where they have none; the parts drop their own."""
    size = sum(part.size for part, _ in parts)
    together: np.ndarray | None = None
    for part, start in parts:
        numbers = getattr(part, name)
        if numbers is not None:
            together = aligned_zeros(size, part.dtype) if together is None else together
            together[start : start + part.size] = numbers
            setattr(part, name, None)
    return together
