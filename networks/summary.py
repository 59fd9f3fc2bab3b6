"""A table of the networks in a network: names, shapes, parameters, memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nn.byte_sizes import format_bytes

if TYPE_CHECKING:
    from networks.base.network import Network

HEADINGS = ("network", "family", "input", "output", "parameters", "histories")
ARITHMETIC = "computes with"
"""Heading of a column that stands behind the shapes where values are stored as bfloat16."""

NUMBERS = 2
"""Columns of numbers, the last ones, aligned to the right."""


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
    leaves = network.leaves
    rows = [HEADINGS, *(_row(name, leaf, histories, counted) for name, leaf in leaves.items())]
    parameters = network.parameters
    frozen = sum(parameters[name].size for name in parameters.frozen)
    memory = format_bytes(network.history_bytes(histories))
    rows.append(("total", "", "", "", f"{parameters.size:,}", memory))
    arithmetic = [leaf.arithmetic for leaf in leaves.values()]
    if any(arithmetic):
        cells = [ARITHMETIC, *arithmetic, ""]
        rows = [(*row[:-NUMBERS], cell, *row[-NUMBERS:]) for row, cell in zip(rows, cells, strict=True)]
    held = format_bytes(2 * parameters.size * parameters.dtype.itemsize)
    notes = [f"parameters and gradients {held}, histories for {histories} entries {memory}"]
    if frozen:
        notes.append(f"{frozen:,} parameters are frozen, {parameters.size - frozen:,} learn")
    return "\n".join([*_table(rows), *notes])


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
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = len(widths) - NUMBERS
    return [
        "  ".join(
            text.ljust(width) if column < left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
