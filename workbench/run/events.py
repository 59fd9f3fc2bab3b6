"""The lines of a run's journal: what happened, each checked when it is read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.errors import OperationError
from workbench.run.changes import Changed, describe, parse_changes, short_repr

Step = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(max_length=100)]
Checksum = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=10_000)]


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return self.model_dump()

    def to_line(self) -> str:
        """Return it as a line of JSON, without the end of the line."""
        return json.dumps(self.to_json(), allow_nan=False)


class BeginEvent(_Event):
    """A run begins: texts of its settings by field, and the fingerprint of its images."""

    event: Literal["begin"] = "begin"
    version: Literal[1] = 1
    settings: dict[Text, Text]
    data: Text


class ChangeEvent(_Event):
    """Changes made together after `step` steps, as `workbench.run.changes` has them.

    `why` is given where they take back earlier ones, or make again what was taken back.
    """

    event: Literal["change"] = "change"
    step: Step
    changes: list[Any]
    why: Literal["undo", "redo"] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values, with the reason only where there is one."""
        return self.model_dump(exclude={"why"} if self.why is None else None)

    @property
    def changed(self) -> Changed:
        """The changes, checked."""
        return Changed(self.step, parse_changes(self.changes))


class SnapshotEvent(_Event):
    """A snapshot was saved; `parameters` is the SHA-256 of the bytes of all parameters."""

    event: Literal["snapshot"] = "snapshot"
    step: Step
    name: Name
    parameters: Checksum


class RewindEvent(_Event):
    """The run went back to a snapshot; the first `kept` change events still count."""

    event: Literal["rewind"] = "rewind"
    step: Step
    name: Name
    kept: Step


class StopEvent(_Event):
    """Training stopped, or the run was closed."""

    event: Literal["stop"] = "stop"
    step: Step
    parameters: Checksum


Event: TypeAlias = BeginEvent | ChangeEvent | SnapshotEvent | RewindEvent | StopEvent

EVENTS: Mapping[str, type[Event]] = {
    kind.model_fields["event"].default: kind
    for kind in (BeginEvent, ChangeEvent, SnapshotEvent, RewindEvent, StopEvent)
}


def parse_event(line: bytes) -> Event:
    """Read a line.

    Raises
    ------
    ValueError
        When it is not an event; says what is wrong.
    """
    try:
        given = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(given, dict):
        raise ValueError(f"a {type(given).__name__}, expected an object")
    kind = given.get("event")
    if not isinstance(kind, str) or kind not in EVENTS:
        raise ValueError(f"event {short_repr(kind)}: it should be one of {', '.join(EVENTS)}")
    try:
        event = EVENTS[kind].model_validate(given)
        if isinstance(event, ChangeEvent):
            event.changed  # noqa: B018 - refuses what is none
    except ValidationError as error:
        raise ValueError(f"{kind}: {describe(error)}") from None
    except OperationError as error:
        raise ValueError(f"{kind}: {error}") from None
    return event


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a number")
