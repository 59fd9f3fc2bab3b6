"""What is wrong with a value that pydantic refused, in plain words that say what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NUMBER_ERRORS = ("float_parsing", "int_parsing")
"""What pydantic calls texts that are no numbers."""

WHOLE = "a whole number"
NUMBER = "a number"

WANTED: Mapping[str, str] = {
    **{f"int_{kind}": WHOLE for kind in ("parsing", "type", "from_float", "parsing_size")},
    **{f"float_{kind}": NUMBER for kind in ("parsing", "type")},
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "yes or no",
    "string_type": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
}
"""What a value should be, by what pydantic calls the error."""

SIZES: Mapping[str, str] = {
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "too_short": "a length of at least {min_length}",
    "too_long": "a length of at most {max_length}",
}
"""What a value should have."""

WHOLE_SENTENCES: Mapping[str, str] = {
    "missing": "it is missing",
    "extra_forbidden": "there is no such field",
}

BOUNDED = (*(f"{way}_than{equal}" for way in ("greater", "less") for equal in ("", "_equal")), *NUMBER_ERRORS)
"""Errors of numbers, which bounds answer."""


def wanted(error: Any) -> str:
    """Return what a value should be, as in `it should be a whole number`.

    Parameters
    ----------
    error
        One of `pydantic.ValidationError.errors()`.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind in WHOLE_SENTENCES:
        return WHOLE_SENTENCES[kind]
    if kind == "literal_error":
        return f"it should be {_listed(choices(error))}"
    for begin, table in (("it should be", WANTED), ("it should have", SIZES)):
        if kind in table:
            return f"{begin} {_filled(table[kind], context)}"
    said = str(error["msg"]).removeprefix("Value error, ")
    return re.sub("^[A-Z][a-z]+ should", "it should", said)


def wanted_within(error: Any, whole: bool, bounds: str) -> str:
    """Return the same for a number with bounds, with all that is allowed.

    Parameters
    ----------
    error
        As for `wanted`.
    whole
        Whether it is a whole number.
    bounds
        As in `1 to 10`, `above 0` and `at least 0, below 1`; empty where there are none.
    """
    if error["type"] not in (*BOUNDED, "int_from_float", "int_parsing_size") or not bounds:
        return wanted(error)
    join = "from " if " to " in bounds else "of " if bounds.startswith("at least") else ""
    return f"it should be {WHOLE if whole else NUMBER} {join}{bounds}"


def choices(error: Any) -> list[str]:
    """Return what may be chosen, of an error that something else was."""
    *others, last = str(error["ctx"]["expected"]).split(", ")
    return [name.strip("'") for name in (*others, *last.rsplit(" or ", 1))]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _filled(text: str, context: Mapping[str, Any]) -> str:
    """Put in the bounds: whole numbers with all their digits."""
    return text.format_map(
        {name: f"{value:g}" if isinstance(value, float) else value for name, value in context.items()}
    )
