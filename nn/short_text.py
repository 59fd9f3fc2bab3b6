"""Values from outside as messages show them: a short text, however large or deeply nested they are."""

from __future__ import annotations

from collections.abc import Iterable
from reprlib import Repr
from typing import Any

LONGEST = 60
"""Characters of a text or a number that are shown."""

MOST = 10
"""Names that are listed."""

_short = Repr()
_short.maxstring = _short.maxlong = _short.maxother = LONGEST


def short_repr(value: Any) -> str:
    """Return a value as Python writes it, its middle left out where it is long."""
    return _short.repr(value)


def join_names(names: Iterable[Any]) -> str:
    """Return names joined by commas, the first of them where there are many; `none` without any."""
    texts = [text if len(text) <= LONGEST else short_repr(text) for text in map(str, names)]
    rest = len(texts) - MOST
    return ", ".join([*texts[:MOST], *([f"{rest:,} more"] if rest > 0 else [])]) or "none"


def shorten(message: str, longest: int = 2000) -> str:
    """Return a message without its middle where it is long."""
    if len(message) <= longest:
        return message
    half = longest // 2
    return f"{message[:half]} ... {message[-half:]}"
