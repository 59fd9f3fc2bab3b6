"""JSON of a bounded size and depth, each key once, whole and finite numbers."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from networks.exchange.keras.refusals import RefusedError
from nn.one_line import one_line
from nn.short_text import shorten

MOST_BYTES = 4 * 2**20
"""Most bytes of a description: a model of a thousand layers has about one million."""

DEEPEST = 60
"""Deepest nesting: a layer in a model in a model is at about 15."""


BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
"""Brackets, and texts, which are gone over as a whole: a bracket in one is none."""


def read_json(text: bytes, what: str) -> dict[str, Any]:
    """Return the object that a text describes.

    Parameters
    ----------
    text
        In UTF-8.
    what
        It is, for errors.

    Raises
    ------
    RefusedError
        When it is no object, too large or too deep, has a key twice, or numbers that are not finite.
    """
    if len(text) > MOST_BYTES:
        raise RefusedError(f"{what} has {len(text):,} bytes, more than {MOST_BYTES:,}")
    _check_depth(text, what)
    try:
        found = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{what} is damaged: {shorten(one_line(str(error)), 200)}") from None
    if not isinstance(found, dict):
        raise RefusedError(f"{what} is no object of JSON")
    return found


def _check_depth(text: bytes, what: str) -> None:
    """Refuse deep nesting before it is parsed."""
    depth = 0
    for found in BRACKETS.finditer(text):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        if depth > DEEPEST:
            raise RefusedError(f"{what} is nested deeper than {DEEPEST}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
