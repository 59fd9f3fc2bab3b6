"""The fields of the named tuples that a kernel takes: it reads them by place, whatever they are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from numba.core.types.containers import BaseNamedTuple, BaseTuple


def fields_in(kinds: Iterable[Any]) -> Iterator[tuple[str, ...]]:
    """Yield the fields of all named tuples among types of Numba, those within tuples too."""
    for kind in kinds:
        if isinstance(kind, BaseNamedTuple):
            yield tuple(kind.fields)
        if isinstance(kind, BaseTuple):
            yield from fields_in(kind.types)
