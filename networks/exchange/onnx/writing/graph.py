"""An ONNX graph while it is written: nodes, constants, and the values between layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import DTypeLike

from networks.exchange.errors import ExchangeError
from networks.exchange.library import optional
from networks.exchange.onnx.reading.model_file import MOST_BYTES
from nn.byte_sizes import format_bytes
from nn.shape import AnyShape, SequenceShape, Shape, VideoShape

SINGLE_ONLY = {
    "AveragePool",
    "Conv",
    "ConvTranspose",
    "Elu",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GRU",
    "HardSigmoid",
    "LSTM",
    "LeakyRelu",
    "Resize",
    "Softplus",
}
"""Operators that ONNX Runtime 1.32 computes in float32 alone."""


class Value(NamedTuple):
    """What a layer gives.

    Attributes
    ----------
    name
        Of the tensor.
    shape
        As ours. The tensor is (N, features) of single neurons, (N, channels, rows, columns) of images, (N,
        steps, features) of sequences and (N, steps, channels, rows, columns) of videos.
    is_labels
        Whether it is of whole numbers, without an axis of features.
    """

    name: str
    shape: AnyShape
    is_labels: bool = False


def is_flat(shape: AnyShape) -> bool:
    """Whether values are features without a place: an image of one pixel."""
    return isinstance(shape, Shape) and shape[:2] == (1, 1)


def sizes_of(shape: AnyShape) -> tuple[int, ...]:
    """Return the axes of a tensor behind the entries."""
    if is_flat(shape):
        return (shape[-1],)
    if isinstance(shape, SequenceShape):
        return tuple(shape)
    *steps, height, width, channels = shape
    return (*steps, channels, height, width)


def order_of(shape: AnyShape) -> tuple[int, ...]:
    """Return our axes in the order of a tensor's."""
    if isinstance(shape, SequenceShape):
        return (0, 1)
    return (0, 3, 1, 2) if isinstance(shape, VideoShape) else (2, 0, 1)


def channel_axis(shape: AnyShape) -> int:
    """Return which axis of a tensor has the features, or channels."""
    return 2 if isinstance(shape, VideoShape) else 1 if len(sizes_of(shape)) == 3 else -1


class GraphWriter:
    """Collects nodes and constants.

    Parameters
    ----------
    dtype
        float32 or float64, of the numbers.
    optional_inputs
        Whether layers may add inputs that may be left out.

    Attributes
    ----------
    twin
        While a network is written that was written before, its name, and that of before: what is the same in
        both is kept once.
    """

    def __init__(self, dtype: np.dtype, optional_inputs: bool) -> None:
        self.dtype, self.optional_inputs = dtype, optional_inputs
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.inputs: list[Any] = []
        self.layer = ""
        self.twin: tuple[str, str] | None = None
        self._kept: dict[str, np.ndarray] = {}
        self._bytes = 0
        self._names: set[str] = set()
        self._numbers: defaultdict[str, int] = defaultdict(lambda: 1)
        self._helper = optional("onnx").helper
        self._numpy_helper = optional("onnx").numpy_helper

    def within(self, name: str) -> str:
        """Name what follows after a layer; return the name of before."""
        before, self.layer = self.layer, name
        return before

    def refuse(self, why: str) -> NoReturn:
        """Raise an error that names the layer."""
        raise ExchangeError(f"{self.layer}: {why}" if self.layer else why)

    def fresh(self, what: str) -> str:
        """Return a name that is not taken, after the layer."""
        base = name = ".".join(filter(None, (self.layer, what)))
        while name in self._names:
            self._numbers[base] += 1
            name = f"{base}_{self._numbers[base]}"
        self._names.add(name)
        return name

    def constant(self, array: Any, what: str, dtype: Any = None) -> str:
        """Keep an array, in the dtype of the graph unless another is given; return its name."""
        with np.errstate(over="ignore"):  # said below
            kept = np.ascontiguousarray(array, dtype=dtype or self.dtype)
        if not np.isfinite(kept).all():
            self.refuse(f"its {what} have NaN, infinity or numbers too large for {self.dtype}")
        name = self.fresh(what)
        if self.twin is not None:
            before = self.twin[1] + name.removeprefix(self.twin[0])
            if np.array_equal(self._kept.get(before, ()), kept):
                return before
        self.keep(kept, name)
        return name

    def keep(self, array: np.ndarray, name: str) -> None:
        """Keep an array under a name."""
        self._bytes += array.nbytes
        if self._bytes > MOST_BYTES:
            self.refuse(f"the file would be larger than {format_bytes(MOST_BYTES)}, which no ONNX file is")
        self._kept[name] = array
        self.initializers.append(self._numpy_helper.from_array(array, name))

    def integers(self, numbers: Sequence[int], what: str = "sizes") -> str:
        """Keep whole numbers; return their name."""
        return self.constant(np.array(numbers, np.int64), what, np.int64)

    def node(self, operator: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> Any:
        """Add a node; return the names of its outputs, of a single one its name."""
        names = [self.fresh(operator.lower()) for _ in range(outputs)]
        label = names[0]
        if self.dtype == np.float64 and operator in SINGLE_ONLY:
            raise ExchangeError(f'{label}: runtimes have no {operator} in float64: give dtype="float32"')
        self.nodes.append(self._helper.make_node(operator, list(inputs), names, name=label, **attributes))
        return names[0] if outputs == 1 else names

    def reshape(self, name: str, sizes: Sequence[int]) -> str:
        """Give values other axes behind the entries, of which there are any number."""
        return str(self.node("Reshape", [name, self.integers([-1, *sizes])]))

    def add_input(self, name: str, kind: Any, sizes: Sequence[str | int]) -> None:
        """Add an input of the graph."""
        self._names.add(name)
        self.inputs.append(self._helper.make_tensor_value_info(name, kind, list(sizes)))

    def add_default(self, name: str, array: np.ndarray, kind: Any, sizes: Sequence[str | int]) -> None:
        """Add an input that may be left out: an array stands for it then."""
        self.inputs.append(self._helper.make_tensor_value_info(name, kind, list(sizes)))
        self.keep(array, name)

    @property
    def kind(self) -> Any:
        """Of the numbers, as ONNX calls it."""
        return self.kind_of(self.dtype)

    def kind_of(self, dtype: DTypeLike) -> Any:
        """Return what ONNX calls a dtype."""
        return self._helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
