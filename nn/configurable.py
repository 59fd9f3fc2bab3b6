"""Parts that are described by a name and the arguments of their constructor, in JSON's terms."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, get_type_hints

from nn.lookup import look_up
from nn.short_text import join_names, short_repr


class Configurable:
    """Something whose constructor's parameters are attributes of the same names.

    Attributes
    ----------
    name
        What configurations call it.
    """

    name: ClassVar[str]

    def to_configuration(self) -> dict[str, Any]:
        """Describe it: its name and every argument of its constructor, tuples as lists."""
        arguments = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        return {
            "name": self.name,
            **{name: list(value) if isinstance(value, tuple) else value for name, value in arguments.items()},
        }


Kind = TypeVar("Kind", bound=Configurable)


def described_fields(configuration: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return the fields of a description.

    Raises
    ------
    ValueError
        When it is something else, such as a name alone.
    """
    if not isinstance(configuration, Mapping):
        raise ValueError(
            f'{what} {short_repr(configuration)}: a description is a dictionary such as {{"name": ...}}'
        )
    return dict(configuration)


def from_configuration(table: Mapping[str, type[Kind]], configuration: Mapping[str, Any], what: str) -> Kind:
    """Build what `to_configuration` described; arguments that are left out have their defaults.

    Parameters
    ----------
    table
        Name to class, of all that may be built.
    configuration
        `name` and arguments, as read from JSON.
    what
        What the table holds, for messages.

    Raises
    ------
    ValueError
        When the name is unknown, a field unknown, missing or of the wrong kind, or its value out of
        range; the message names it.
    """
    fields = described_fields(configuration, what)
    kind = look_up(table, fields.pop("name", None), what)
    parameters = inspect.signature(kind).parameters
    if unknown := sorted(map(str, fields.keys() - parameters.keys())):
        known = ", ".join(parameters) or "none"
        raise ValueError(f"{what} {kind.name}: unknown field {join_names(unknown)}; known: {known}")
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in fields:
            raise ValueError(f"{what} {kind.name}: field {name} is missing")
    kinds, owner = get_type_hints(kind.__init__), f"{what} {kind.name}"
    return kind(**{name: _checked(owner, name, value, kinds[name]) for name, value in fields.items()})


def _checked(owner: str, name: str, value: Any, kind: Any) -> Any:
    """Return a field's value if it is of the constructor's type; a whole number may stand for a float."""
    if kind is float and type(value) is int and abs(value) <= sys.float_info.max:
        return float(value)
    if isinstance(kind, type) and (not isinstance(value, kind) or (type(value) is bool and kind is not bool)):
        raise ValueError(f"{owner}: field {name} is {short_repr(value)}, not of type {kind.__name__}")
    return value
