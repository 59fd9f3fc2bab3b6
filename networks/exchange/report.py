"""What was matched of what is read or taken, and what was not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from nn.one_line import one_line

Shape = tuple[int, ...]


class Report(NamedTuple):
    """What became of the tensors of a network, and of a file or another network.

    Attributes
    ----------
    matched
        Names in the network of what was read.
    missing
        Names in the network that the file does not have.
    unexpected
        Names in the file that the network does not have.
    differing
        Names in both whose shapes differ: that in the network, and that in the file.
    origin
        What the other one is called: "file", or "source" where that is a network.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    differing: Mapping[str, tuple[Shape, Shape]]
    origin: str = "file"

    @property
    def is_whole(self) -> bool:
        """Whether everything matched."""
        return not (self.missing or self.unexpected or self.differing)

    def __str__(self) -> str:
        lines = [f"{len(self.matched)} tensors matched"]
        lines += [f"missing in the {self.origin}: {name}" for name in self.missing]
        lines += [f"not in the network: {one_line(name)}" for name in self.unexpected]
        lines += [
            f"{name}: {_written(ours)} in the network, {_written(theirs)} in the {self.origin}"
            for name, (ours, theirs) in self.differing.items()
        ]
        return "\n".join(lines)


def _written(shape: Shape) -> str:
    return " x ".join(map(str, shape)) or "a single number"
