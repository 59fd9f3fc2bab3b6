"""Every operation on a run that is watched: its name, its arguments and who does it.

What comes in is from outside: arguments are checked here, whole, before any code of the run sees them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from autoencoder.live.changes import shown
from autoencoder.live.errors import OperationError
from autoencoder.live.messages import Arrays, Header

Kind = Literal["values", "signals", "biases", "change"]
"""What can be drawn of every neuron."""

Source = Literal["training", "held_out", "own"]
"""Where images come from: the data, and one that a person drew or uploaded."""

Action = Literal["begin", "forward", "backward", "next", "end"]
"""Of a walk."""

KINDS: tuple[Kind, ...] = get_args(Kind)

IMAGE_NUMBERS = 64 * 1024 * 1024
"""Numbers of the largest image that is taken: 4096 x 4096 pixels of 4 channels."""


def _image(value: Any) -> np.ndarray:
    """Make an array of an image: of rows of pixels of numbers, or of its shape and its bytes as base64."""
    image = _unpacked(value) if isinstance(value, Mapping) else _rows(value)
    if image.ndim != 3 or not 0 < image.size <= IMAGE_NUMBERS or image.dtype.kind not in "iu":
        raise ValueError("expected rows of pixels of whole numbers")
    if image.min() < 0 or image.max() > 255:
        raise ValueError("numbers of a pixel must be 0 to 255")
    return image.astype(np.uint8)


def _rows(value: Any) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError("rows of different lengths") from error


def _unpacked(value: Mapping[str, Any]) -> np.ndarray:
    try:
        pixels = np.frombuffer(base64.b64decode(value["pixels"], validate=True), np.uint8)
        return pixels.reshape(value["shape"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError("expected its shape, and as many pixels in base64") from error


Number = Annotated[int, Field(ge=0, lt=2**31)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=1000)]
Image = Annotated[Any, BeforeValidator(_image)]


class Arguments(BaseModel):
    """Of an operation that takes none; the base of the others."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Apply(Arguments):
    """Changes, which `autoencoder.live.changes` checks, with messages of their own."""

    changes: Any


class Named(Arguments):
    """A snapshot, a model or an input by the name that the overview has for it."""

    name: Name


class Reset(Arguments):
    """The seed to begin anew with; null is the run's own."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] | None


class Count(Arguments):
    """How many."""

    count: int = Field(ge=1, le=2000)


class Show(Arguments):
    """Which images run through the network to be looked at."""

    source: Source
    position: Number
    entry: int = Field(ge=0, le=7)


class Own(Arguments):
    """An image from outside."""

    image: Image


class Frame(Arguments):
    """What to draw of every neuron."""

    kinds: list[Kind] = Field(max_length=len(KINDS))


class Neuron(Arguments):
    """An address."""

    layer: Number
    neuron: Number


class Strongest(Count):
    """How many connections into a layer."""

    layer: Number


class Connection(Arguments):
    """An address."""

    layer: Number
    target: Number
    source: Number


class Walk(Arguments):
    """What to do next on the way through the network."""

    action: Action


class Decode(Arguments):
    """A code."""

    code: list[Finite] = Field(min_length=1, max_length=65_536)


class Between(Arguments):
    """Two positions in the source, and how far from the first to the second."""

    first: Number
    second: Number
    share: float = Field(ge=0, le=1)


@dataclass(frozen=True)
class Operation:
    """One of the things that can be asked.

    Attributes
    ----------
    arguments
        The model that they are checked with; its fields are those of the method.
    inspects
        Whether the inspector does it; otherwise the run.
    """

    arguments: type[Arguments] = Arguments
    inspects: bool = False


OPERATIONS: Mapping[str, Operation] = {
    "overview": Operation(),
    "status": Operation(),
    "start": Operation(),
    "stop": Operation(),
    "step": Operation(),
    "apply": Operation(Apply),
    "snapshot": Operation(),
    "rewind": Operation(Named),
    "reset": Operation(Reset),
    "load_model": Operation(Named),
    "choose_input": Operation(Named),
    "curve": Operation(),
    "journal": Operation(Count),
    "show": Operation(Show, inspects=True),
    "own": Operation(Own, inspects=True),
    "frame": Operation(Frame, inspects=True),
    "mark": Operation(inspects=True),
    "neuron": Operation(Neuron, inspects=True),
    "connections": Operation(Neuron, inspects=True),
    "strongest": Operation(Strongest, inspects=True),
    "connection": Operation(Connection, inspects=True),
    "walk": Operation(Walk, inspects=True),
    "code": Operation(inspects=True),
    "decode": Operation(Decode, inspects=True),
    "between": Operation(Between, inspects=True),
}
"""By name; the methods of `LiveRun` and `Inspector` are called the same."""


def check(op: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an operation as its method takes them.

    Raises
    ------
    OperationError
        When there is no such operation, or the arguments are not its own.
    """
    if op not in OPERATIONS:
        raise OperationError(f"no operation {shown(op)}: there are {', '.join(OPERATIONS)}")
    try:
        checked = OPERATIONS[op].arguments.model_validate(dict(args))
    except ValidationError as error:
        raise OperationError("; ".join(f"{op}: {_describe(each)}" for each in error.errors()[:3])) from error
    return {name: getattr(checked, name) for name in type(checked).model_fields}


def dispatch(run: object, inspector: object, op: str, args: Mapping[str, Any]) -> tuple[Header, Arrays]:
    """Do an operation.

    Parameters
    ----------
    run, inspector
        A `LiveRun` and an `Inspector`.
    op, args
        What is asked, from outside.

    Returns
    -------
    header, arrays
        Of the reply.

    Raises
    ------
    OperationError
        When there is no such operation, or the arguments are not its own.
    """
    checked = check(op, args)
    target = inspector if OPERATIONS[op].inspects else run
    result = getattr(target, op)(**checked)
    return result if isinstance(result, tuple) else (result or {}, {})


def _describe(error: Any) -> str:
    where = ".".join(shown(part).strip("'") for part in error["loc"])
    wanted = error["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    return f"{where}: {wanted}"
