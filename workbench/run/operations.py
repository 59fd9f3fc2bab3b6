"""The operations on a watched run: their names, arguments and handlers.

Requests come from outside: their arguments are checked completely here, before the run sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.errors import OperationError
from workbench.plain_errors import wanted
from workbench.run.changes import short_repr
from workbench.run.messages import Arrays, Header

Kind = Literal["values", "signals", "biases", "change"]
"""Numbers that can be drawn for every neuron."""

Source = Literal["training", "held_out", "own"]
"""Where images come from: the data, and one that a person drew or uploaded."""

Action = Literal["begin", "forward", "backward", "next", "end"]
"""Actions of a walk."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Number = Annotated[int, Field(ge=0, lt=2**31)]
Name = Annotated[str, Field(min_length=1, max_length=1000)]


class Arguments(BaseModel):
    """Arguments of an operation that takes none; the base of the others."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Apply(Arguments):
    """Changes, which `workbench.run.changes` checks, with messages of their own."""

    changes: Any


class Named(Arguments):
    """Something that can be chosen, by the name that overview or status have for it."""

    name: Name


class Reset(Arguments):
    """The seed to start again with; null is the run's own."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] | None


class Count(Arguments):
    """A number of things."""

    count: int = Field(ge=1, le=2000)


class Show(Arguments):
    """Which images run through the network to be looked at."""

    source: Source
    position: Number
    entry: int = Field(ge=0, le=7)


class Moment(Arguments):
    """Which of the moments of a network whose layers show one of several."""

    number: Number


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
    """The next action of the walk through the network."""

    action: Action


@dataclass(frozen=True)
class Operation:
    """An operation.

    Attributes
    ----------
    arguments
        The model that they are checked with; its fields are those of the method.
    inspects
        Whether the inspector does it; otherwise the run.
    commands
        Whether it is done before all that only look, and even when the page that asked for it has gone.
    chooses
        Whether it chooses what frames show.
    """

    arguments: type[Arguments] = Arguments
    inspects: bool = False
    commands: bool = False
    chooses: bool = False


OPERATIONS: Mapping[str, Operation] = {
    "overview": Operation(),
    "status": Operation(),
    "start": Operation(commands=True),
    "stop": Operation(commands=True),
    "step": Operation(commands=True),
    "apply": Operation(Apply, commands=True),
    "undo": Operation(commands=True),
    "redo": Operation(commands=True),
    "snapshot": Operation(commands=True),
    "rewind": Operation(Named, commands=True),
    "delete_snapshot": Operation(Named, commands=True),
    "reset": Operation(Reset, commands=True),
    "curve": Operation(),
    "journal": Operation(Count),
    "show": Operation(Show, inspects=True, chooses=True),
    "frame": Operation(Frame, inspects=True),
    "set_baseline": Operation(inspects=True, commands=True),
    "neuron": Operation(Neuron, inspects=True),
    "connections": Operation(Neuron, inspects=True),
    "strongest": Operation(Strongest, inspects=True),
    "connection": Operation(Connection, inspects=True),
    "diagnose": Operation(inspects=True),
    "walk": Operation(Walk, inspects=True, chooses=True),
}
"""Of any run, by name; the methods of `Run` and `Inspector` have the same names. Applications add theirs."""


CLIP_OPERATIONS: Mapping[str, Operation] = {
    "choose_moment": Operation(Moment, inspects=True, chooses=True),
    "clips": Operation(inspects=True),
}
"""Of a network that makes films, beside the others."""

CLASS_OPERATIONS: Mapping[str, Operation] = {"find_classes": Operation(inspects=True)}
"""Of a network that finds classes, beside the others."""

LOOKING: Mapping[str, Operation] = {
    name: OPERATIONS[name]
    for name in (
        *("overview", "status", "start", "stop", "step", "curve", "show", "frame", "set_baseline"),
        *("neuron", "connections", "strongest", "connection", "diagnose", "walk"),
    )
}
"""Of a run that a program trains: it is watched, and nothing in it is changed."""

GAN_OPERATIONS: Mapping[str, Operation] = {
    **{name: operation for name, operation in LOOKING.items() if name not in ("diagnose", "walk")},
    "choose_network": Operation(Named, chooses=True),
    "samples": Operation(inspects=True),
}
"""Of a run of two networks that learn against each other, which is watched only, too."""


class Opened(NamedTuple):
    """A run with its operations.

    Attributes
    ----------
    run, inspector
        Their methods are the operations: `workbench.run.run.Run`, `workbench.inspect.inspector.Inspector`.
    about
        Lines about it for the terminal.
    operations
        All operations, by name.
    """

    run: Any
    inspector: Any
    about: str
    operations: Mapping[str, Operation] = OPERATIONS


def about(opened: Opened) -> Header:
    """Return the header of the first message, which describes the run."""
    run = opened.run
    return {
        "type": "ready",
        "status": run.status(),
        "overview": run.overview(),
        "about": opened.about,
        "operations": list(opened.operations),
    }


def check(
    op: str, args: Mapping[str, Any], operations: Mapping[str, Operation] = OPERATIONS
) -> dict[str, Any]:
    """Return the checked arguments of an operation, as its method takes them.

    Raises
    ------
    OperationError
        When there is no such operation, or its arguments are not valid.
    """
    if op not in operations:
        raise OperationError(f"no operation {short_repr(op)}: there are {', '.join(operations)}")
    try:
        checked = operations[op].arguments.model_validate(dict(args))
    except ValidationError as error:
        raise OperationError("; ".join(f"{op}: {_describe(each)}" for each in error.errors()[:3])) from error
    return {name: getattr(checked, name) for name in type(checked).model_fields}


def dispatch(opened: Opened, op: str, args: Mapping[str, Any]) -> tuple[Header, Arrays]:
    """Run an operation.

    Parameters
    ----------
    opened
        The run and its operations.
    op, args
        Name and arguments, from outside.

    Returns
    -------
    header, arrays
        Of the reply.

    Raises
    ------
    OperationError
        When there is no such operation, or its arguments are not valid.
    """
    checked = check(op, args, opened.operations)
    target = opened.inspector if opened.operations[op].inspects else opened.run
    result = getattr(target, op)(**checked)
    return result if isinstance(result, tuple) else (result or {}, {})


def _describe(error: Any) -> str:
    where = ".".join(short_repr(part).strip("'") for part in error["loc"])
    return f"{where}: {wanted(error)}"
