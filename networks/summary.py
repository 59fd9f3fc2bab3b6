"""A table of the networks in a network: names, shapes, parameters, memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nn.byte_sizes import format_bytes

if TYPE_CHECKING:
    from networks.base.network import Network

HEADINGS = ("network", "family", "input", "output", "parameters", "histories")
LEFT = 4
"""Number of columns of text; the columns after them are numbers, aligned to the right."""


def summary(network: Network, histories: int) -> str:
    """Return a table of the networks inside a network, with totals.

    Parameters
    ----------
    network
        Any.
    histories
        Entries of a batch, for which the memory of values and signals is computed.
    """
    counted: set[int] = set()
    rows = [_row(name, leaf, histories, counted) for name, leaf in network.leaves.items()]
    parameters = network.parameters
    frozen = sum(parameters[name].size for name in parameters.frozen)
    memory = format_bytes(network.history_bytes(histories))
    total = ("total", "", "", "", f"{parameters.size:,}", memory)
    held = format_bytes(2 * parameters.size * parameters.dtype.itemsize)
    notes = [f"parameters and gradients {held}, histories for {histories} entries {memory}"]
    if frozen:
        notes.append(f"{frozen:,} parameters are frozen, {parameters.size - frozen:,} learn")
    return "\n".join([*_table([HEADINGS, *rows, total]), *notes])


def _row(name: str, leaf: Network, histories: int, counted: set[int]) -> tuple[str, ...]:
    several: Any = getattr(leaf, "input_shapes", None)
    inputs = [leaf.input_shape] if several is None else list(several)
    place = leaf.parameters.values.ctypes.data if leaf.parameters.size else 0
    shared = place in counted
    counted |= {place} if place else set()
    return (
        name or leaf.family,
        leaf.family,
        " + ".join(map(str, inputs)),
        str(leaf.output_shape),
        "shared" if shared else f"{leaf.parameters.size:,}",
        format_bytes(leaf.history_bytes(histories)),
    )


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return [
        "  ".join(
            text.ljust(width) if column < LEFT else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
