"""Changes that a person may make in a run, in one format for messages, the journal and snapshots.

A list of changes is read and checked as a whole by `parse_changes`; whether layers, neurons and values
fit a certain run is checked by `workbench.run.steering.Steering.check`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from workbench.errors import OperationError
from workbench.plain_errors import wanted
from workbench.storable import storable

LIVE_SETTINGS = ("learning-rate", "batch-size", "optimizer", "leakage", "epochs", "minutes")
"""Keys of the settings that may change while a run goes on."""

MOST_CHANGES = 1000
"""Of a list."""


class ChangeError(OperationError):
    """An invalid change: the message has its place in the list, the field and what is wrong."""


Number = Annotated[int, Field(ge=0)]
Real = Annotated[Annotated[float, Field(allow_inf_nan=False)], AfterValidator(storable)]


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SettingChange(_Change):
    """Another value for a setting, as a configuration file has it."""

    kind: Literal["setting"] = "setting"
    name: Literal["learning-rate", "batch-size", "optimizer", "leakage", "epochs", "minutes"]
    value: Annotated[str, Field(max_length=100)]


class BiasChange(_Change):
    """Another bias for a neuron."""

    kind: Literal["bias"] = "bias"
    layer: Number
    neuron: Number
    value: Real


class WeightChange(_Change):
    """Another weight for a connection."""

    kind: Literal["weight"] = "weight"
    layer: Number
    target: Number
    source: Number
    value: Real


class ClampChange(_Change):
    """A value at which a neuron is clamped, or None to release it."""

    kind: Literal["clamp"] = "clamp"
    layer: Number
    neuron: Number
    value: Real | None


class LockChange(_Change):
    """Whether the bias of a neuron and all weights into it stay as they are while training goes on."""

    kind: Literal["lock"] = "lock"
    layer: Number
    neuron: Number
    locked: bool


class WeightLockChange(_Change):
    """Whether one weight stays as it is while training goes on."""

    kind: Literal["lock_weight"] = "lock_weight"
    layer: Number
    target: Number
    source: Number
    locked: bool


Change: TypeAlias = SettingChange | BiasChange | WeightChange | ClampChange | LockChange | WeightLockChange

KINDS: Mapping[str, type[Change]] = {
    kind.model_fields["kind"].default: kind
    for kind in (SettingChange, BiasChange, WeightChange, ClampChange, LockChange, WeightLockChange)
}


class Changed(NamedTuple):
    """Changes that were made together.

    Attributes
    ----------
    step
        Steps done when they were made.
    changes
        At least one, in order.
    """

    step: int
    changes: tuple[Change, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {"step": self.step, "changes": [change.model_dump() for change in self.changes]}


def parse_changes(given: object) -> tuple[Change, ...]:
    """Read a list of changes.

    Parameters
    ----------
    given
        What came in as JSON: a list of objects, each with its `kind` and the fields of that kind.

    Raises
    ------
    ChangeError
        At the first that is not a change; names it, the field, and what is expected.
    """
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise ChangeError(f"changes: a {type(given).__name__}, expected a list of changes")
    if not 1 <= len(given) <= MOST_CHANGES:
        raise ChangeError(f"changes: a list of {len(given)}, expected 1 to {MOST_CHANGES}")
    return tuple(_parse(number, each) for number, each in enumerate(given, 1))


def _parse(number: int, given: object) -> Change:
    if not isinstance(given, Mapping):
        raise ChangeError(f"change {number}: a {type(given).__name__}, expected an object with its kind")
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ChangeError(f"change {number}: kind {short_repr(kind)}: it should be one of {', '.join(KINDS)}")
    try:
        return KINDS[kind].model_validate(given)
    except ValidationError as error:
        raise ChangeError(f"{named(number, kind)}: {describe(error)}") from None


def named(number: int, kind: str) -> str:
    """Return how messages call a change: `change 2 (bias)`."""
    return f"change {number} ({kind})"


def describe(error: ValidationError) -> str:
    """Describe in a line the first wrong field: `neuron: it should be a whole number`."""
    first = error.errors(include_url=False)[0]
    field = ".".join(short_repr(part).strip("'") for part in first["loc"]) or "it"
    if first["type"] == "missing":
        return f"{field} is missing"
    if first["type"] == "extra_forbidden":
        return f"{field} is not a field of it"
    return f"{field}: {wanted(first)}"


def short_repr(value: object) -> str:
    """Return a short text for a value in a message, whatever was sent."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
