"""One node as its reader sees it: inputs and attributes, each of which has to be asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from networks.exchange.onnx.reading.graph import called, node_name
from networks.exchange.onnx.reading.naming import scope_of
from networks.exchange.onnx.reading.plan import Beyond, Joined, Leak, Padded, Place, Value
from networks.exchange.onnx.reading.refusals import LaidOutOtherwiseError, RefusedError
from networks.exchange.onnx.reading.tensors import Constant, read_tensor
from nn.short_text import join_names, short_repr

FLOAT, INT, STRING, TENSOR, FLOATS, INTS, STRINGS = 1, 2, 3, 4, 6, 7, 8
"""Kinds of attributes, as the format numbers them."""

FIELDS = {FLOAT: "f", INT: "i", STRING: "s", TENSOR: "t", FLOATS: "floats", INTS: "ints", STRINGS: "strings"}

MOST_REPEATED = 2**16
"""Most numbers that are computed with where few are there."""

MOST_NUMBERS = 64
"""Most numbers of an attribute; constants may have more."""

Given = Value | Constant | Place | Joined | Leak | Beyond | Padded | None
"""What an input of a node is: values of a layer or parts of them, numbers that are known, or left out."""


class Node:
    """A node of a graph.

    Attributes
    ----------
    op, since
        Its operator, and the version since which that is as it is here.
    name
        In the file, without the operator; may be empty.
    used
        Numbers of the outputs that something reads.
    """

    def __init__(self, message: Any, number: int, since: int, given: Sequence[Given], used: set[int]) -> None:
        self.op, self.since, self.used = message.op_type, since, used
        self.name = scope_of(message.name, message.op_type)
        self._what = node_name(message, number)
        self._given = list(given)
        self._names = list(message.input)
        self._attributes: dict[str, Any] = {}
        for each in message.attribute:
            if each.name in self._attributes:
                self.refuse(f"attribute {called(each.name)} is there twice")
            self._attributes[each.name] = each

    def refuse(self, reason: str) -> NoReturn:
        """Raise the error that names the node."""
        raise RefusedError(f"{self._what}: {reason}")

    def lies_otherwise(self, reason: str) -> NoReturn:
        """Raise the error of values whose axes are not where the operator has them."""
        raise LaidOutOtherwiseError(f"{self._what}: {reason}")

    # Inputs

    @property
    def input_count(self) -> int:
        """How many inputs there are, those left out at the end not counted."""
        return len(self._given)

    @property
    def is_known(self) -> bool:
        """Whether no input is computed when the model runs."""
        return all(isinstance(each, Constant | None) for each in self._given)

    def reads_labels(self, but: int | None = None) -> bool:
        """Return whether an input, but for one, is whole numbers that are given when the model runs."""
        given = [each for number, each in enumerate(self._given) if number != but]
        return any(isinstance(each, Value) and each.is_labels for each in given)

    def input(self, number: int) -> Given:
        """Return an input; None where it is left out."""
        return self._given[number] if number < len(self._given) else None

    def value(self, number: int) -> Value:
        """Return an input that is computed when the model runs."""
        given = self.input(number)
        if not isinstance(given, Value):
            self.refuse(f"input {number} is {_kind(given)}, not values of a layer")
        return given

    def as_value(self, given: Given) -> Value:
        """Return what is given as values of a layer."""
        if not isinstance(given, Value):
            self.refuse(f"an input is {_kind(given)}, not values of a layer")
        return given

    def padded(self, number: int) -> Padded:
        """Return an input with the zeros around it, which may be none."""
        given = self.input(number)
        if isinstance(given, Padded):
            return given
        value = self.value(number)
        return Padded(value, ((0, 0),) * len(value.axes))

    def constant(self, number: int) -> np.ndarray:
        """Return the numbers of an input that has to be known before the model runs, all there."""
        array = self.seen_constant(number)
        is_repeated = any(
            size > 1 and not stride for size, stride in zip(array.shape, array.strides, strict=True)
        )
        if is_repeated and array.size > MOST_REPEATED:
            self.refuse(f"input {number} is one number repeated {array.size:,} times")
        return array

    def seen_constant(self, number: int) -> np.ndarray:
        """Return the numbers of a known input, of which a few may be seen under any larger shape."""
        given = self.input(number)
        if not isinstance(given, Constant):
            self.refuse(f"input {number} is {_kind(given)}, and has to be a constant")
        return given.array

    def numbers(self, number: int) -> list[int]:
        """Return a few whole numbers of a constant input."""
        array = self.constant(number)
        if array.dtype != np.int64 or array.ndim > 1 or array.size > MOST_NUMBERS:
            self.refuse(f"input {number} is {array.dtype} {array.shape}, not a few whole numbers")
        return [int(each) for each in array.reshape(-1)]

    def weights(self, number: int, axes: int) -> np.ndarray:
        """Return real numbers of a constant input that has so many axes."""
        array = self.constant(number)
        if array.dtype.kind != "f" or array.ndim != axes:
            self.refuse(f"input {number} is {array.dtype} of {array.ndim} axes, not real numbers of {axes}")
        return array

    def origins(self) -> tuple[str, ...]:
        """Return the names in the file of its constant inputs."""
        return tuple(each.name for each in self._given if isinstance(each, Constant))

    # Attributes

    def _take(self, name: str, kind: int) -> Any:
        """Return the content of an attribute; None where it is not there."""
        found = self._attributes.pop(name, None)
        if found is None:
            return None
        if found.ref_attr_name or found.type != kind:
            self.refuse(f"attribute {name} is of type {found.type}, not {kind}")
        value = getattr(found, FIELDS[kind])
        if kind in (FLOATS, INTS, STRINGS) and len(value) > MOST_NUMBERS:
            self.refuse(f"attribute {name} has {len(value):,} numbers")
        return value

    def integer(self, name: str, otherwise: int) -> int:
        """Take a whole number."""
        found = self._take(name, INT)
        return otherwise if found is None else int(found)

    def real(self, name: str, otherwise: float) -> float:
        """Take a finite number, as short as it is written in float32."""
        found = self._take(name, FLOAT)
        if found is None:
            return otherwise
        if not math.isfinite(found):
            self.refuse(f"attribute {name} is {found}")
        return float(str(np.float32(found)))

    def text(self, name: str, otherwise: str) -> str:
        """Take a text."""
        found = self._take(name, STRING)
        return otherwise if found is None else self._decoded(name, found)

    def integers(self, name: str, otherwise: Sequence[int] | None = None) -> list[int] | None:
        """Take whole numbers."""
        found = self._take(name, INTS)
        return (
            (None if otherwise is None else list(otherwise))
            if found is None
            else [int(each) for each in found]
        )

    def reals(self, name: str) -> list[float] | None:
        """Take numbers."""
        found = self._take(name, FLOATS)
        return None if found is None else [float(each) for each in found]

    def texts(self, name: str) -> list[str] | None:
        """Take texts."""
        found = self._take(name, STRINGS)
        return None if found is None else [self._decoded(name, each) for each in found]

    def tensor(self, name: str) -> np.ndarray | None:
        """Take numbers of a tensor."""
        found = self._take(name, TENSOR)
        return None if found is None else read_tensor(found, f"{self._what}: attribute {name}")

    def has(self, name: str) -> bool:
        """Return whether an attribute is there, and was not taken."""
        return name in self._attributes

    def expect(self, name: str, only: int) -> None:
        """Take a whole number of which one value alone is mapped; left out stands for that."""
        found = self.integer(name, only)
        if found != only:
            self.refuse(f"attribute {name} is {found}; {only} alone is mapped")

    def _decoded(self, name: str, text: bytes) -> str:
        try:
            return text.decode("ascii")
        except UnicodeDecodeError:
            self.refuse(f"attribute {name} is {short_repr(text)}, no text")

    def finish(self, most_inputs: int) -> None:
        """Refuse what its reader did not ask for."""
        if self._attributes:
            self.refuse(f"attribute {join_names(map(called, self._attributes))} is not mapped")
        if len(self._given) > most_inputs:
            self.refuse(f"has {len(self._given)} inputs, of which {most_inputs} are known")


def _kind(given: Given) -> str:
    if given is None:
        return "left out"
    if isinstance(given, Constant):
        return "a constant"
    return "computed when the model runs" if isinstance(given, Value) else "a part of values"
