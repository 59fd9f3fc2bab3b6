"""All parameters of a network in one flat array, their gradients in another, with named views.

Optimizers, clipping and snapshots see one vector; networks see `parameters["weights"]`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import DTypeLike

from nn.history import aligned_zeros


class Parameters:
    """Named arrays that share one flat array of values and one of gradients.

    Parameters
    ----------
    shapes
        Name to shape, in the order in which they lie in memory.
    dtype
        float32 for training, float64 for gradient checks.
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
        self._values: np.ndarray | None = None
        self._gradients: np.ndarray | None = None
        self._parent: tuple[Parameters, int] | None = None
        self._children: list[Parameters] = []

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
        """Return the gradients of one array, as a view."""
        return self._view(self.gradients, name)

    def _view(self, flat: np.ndarray, name: str) -> np.ndarray:
        shape = self.shapes[name]
        start = self._starts[name]
        return flat[start : start + math.prod(shape)].reshape(shape)

    def __contains__(self, name: str) -> bool:
        return name in self.shapes

    def name_of(self, position: int) -> str:
        """Name the entry at a flat position, for messages: `weights[3, 4]`."""
        for name, shape in self.shapes.items():
            offset = position - self._starts[name]
            if 0 <= offset < math.prod(shape):
                index = ", ".join(str(int(i)) for i in np.unravel_index(offset, shape))
                return f"{name}[{index}]"
        raise IndexError(f"parameter {position} of {self.size}")

    def zero_gradients(self) -> None:
        """Set every gradient to zero."""
        if self._gradients is not None:
            self._gradients[:] = 0

    def copy_from(self, other: Parameters) -> None:
        """Copy the values of parameters with the same names and shapes.

        Raises
        ------
        ValueError
            When names or shapes differ; nothing is copied then.
        """
        if self.shapes != other.shapes:
            missing = sorted(set(self.shapes.items()) ^ set(other.shapes.items()))
            raise ValueError(f"parameters differ in {missing}")
        self.values[:] = other.values

    @classmethod
    def join(cls, parts: Mapping[str, Parameters]) -> Parameters:
        """Lay the parameters of several networks into one; the parts become views of it.

        A part's array `weights` is called `part.weights` in the whole.
        """
        shapes = {
            f"{part}.{name}": shape for part, child in parts.items() for name, shape in child.shapes.items()
        }
        dtypes = {child.dtype for child in parts.values()}
        if len(dtypes) > 1:
            raise ValueError(f"networks of different dtypes cannot be joined: {sorted(map(str, dtypes))}")
        joined = cls(shapes, dtypes.pop() if dtypes else np.float32)
        position = 0
        for child in parts.values():
            joined.values[position : position + child.size] = child.values
            child._parent = (joined, position)
            child._forget_arrays()
            joined._children.append(child)
            position += child.size
        return joined

    def _forget_arrays(self) -> None:
        """Look the arrays up in the parent at the next use, in this part and in its own parts."""
        self._values = self._gradients = None
        for child in self._children:
            child._forget_arrays()
