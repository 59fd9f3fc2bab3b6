"""The numbers of a `Slice`, which are attributes before opset 10 and inputs from then on."""

from __future__ import annotations

from typing import NamedTuple

from networks.exchange.onnx.reading.node import Node


class Stretches(NamedTuple):
    """What is taken of each axis; None where it is left out."""

    starts: list[int] | None
    ends: list[int] | None
    axes: list[int] | None
    steps: list[int] | None


def read_stretches(node: Node) -> Stretches:
    """Return the numbers of a node, as they are."""
    if node.since < 10:
        return Stretches(node.integers("starts"), node.integers("ends"), node.integers("axes"), None)
    return Stretches(
        node.numbers(1),
        node.numbers(2),
        node.numbers(3) if node.input(3) is not None else None,
        node.numbers(4) if node.input(4) is not None else None,
    )
