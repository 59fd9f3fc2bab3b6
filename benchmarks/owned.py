"""How many bytes a network allocates, counted from its arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.row import Memory
from nn.history import padded

PLAIN_KINDS = (str, bytes, int, float, complex, bool, type(None), np.generic, np.dtype, type)


def split_memory(run: Callable[[int], object], histories: int, *owners: Any) -> Memory:
    """Return the bytes that some objects hold after a run: those that grow with the histories, and the rest.

    Parameters
    ----------
    run
        Runs everything with a number of histories.
    histories
        In the row; the split comes from runs with whole vectors of them and with twice as many.
    owners
        Whose arrays are counted.
    """
    vectors = padded(histories)
    held = []
    for count in (2 * vectors, vectors, histories):
        run(count)
        held.append(owned_bytes(*owners))
    twice, once, in_row = held
    beside = 2 * once - twice
    return Memory(beside, in_row - beside)


def owned_bytes(*owners: Any) -> int:
    """Return the bytes of all arrays that can be reached from some objects, each piece of memory once."""
    pieces: dict[int, int] = {}
    seen: set[int] = set()
    waiting: list[Any] = list(owners)
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, PLAIN_KINDS):
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            owner = _owner(item)
            pieces[id(owner)] = owner.nbytes
        else:
            waiting.extend(_parts(item))
    return sum(pieces.values())


def _owner(array: np.ndarray) -> np.ndarray:
    """Return the array whose memory another one is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _parts(item: Any) -> Iterator[Any]:
    if isinstance(item, dict):
        yield from item.values()
    elif isinstance(item, list | tuple | set | frozenset):
        yield from item
    elif not callable(item) or hasattr(item, "parameters"):
        yield from getattr(item, "__dict__", {}).values()
        for kind in type(item).__mro__:
            slots = getattr(kind, "__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                yield getattr(item, name, None)
