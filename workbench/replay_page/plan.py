"""What a recording holds, decided before anything is computed, and how large that makes the file at most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from workbench.errors import InputError
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.view import SHOWN

MOST_FRAMES = 1000

Kept = Literal["every", "last", "none"]
"""Of which frames the weights are kept."""

PAGE_BYTES = 200_000
"""More than the scripts and style sheets take."""

FRAME_BYTES = 600
"""More than the JSON of a frame takes."""

LIST_BYTES = {"dense": 0, "graph": 4}
"""More than the ends of a connection take, by the kind of its layer; others repeat theirs, which compress."""


class Plan(NamedTuple):
    """What a recording holds.

    Attributes
    ----------
    frames, examples
        How many.
    weights
        Of which frames.
    """

    frames: int
    examples: int = SHOWN
    weights: Kept = "last"

    def most_bytes(self, anatomy: Anatomy) -> int:
        """Return how large the file of a network gets at most, but for what an application adds to it."""
        counts = [anatomy.connections(number) for number in range(len(anatomy.layers))]
        listed = sum(
            count * LIST_BYTES.get(layer.kind, 1) for count, layer in zip(counts, anatomy.layers, strict=True)
        )
        weight_frames = {"every": self.frames, "last": 1, "none": 0}[self.weights]
        frame = 2 * anatomy.neurons * (self.examples + 1) + FRAME_BYTES
        once = listed + 24 * anatomy.neurons
        return PAGE_BYTES + math.ceil(4 / 3 * (self.frames * frame + 2 * weight_frames * sum(counts) + once))


def spread_steps(last: int, count: int, *, evenly: bool) -> list[int]:
    """Return the steps of frames: 0, `last` and others between them, at most `count`.

    Parameters
    ----------
    last
        Of the run.
    count
        How many are wanted; fewer where there are not as many steps.
    evenly
        Whether they are equally far apart; otherwise each is the same factor further than the one before.

    Raises
    ------
    InputError
        When a count is not between 2 and MOST_FRAMES.
    """
    if not 2 <= count <= MOST_FRAMES:
        raise InputError(f"{count} frames: give 2 to {MOST_FRAMES}")
    count = min(count, last + 1)
    if evenly or last < 2:
        steps: list[int] = np.floor(np.linspace(0, last, count) + 0.5).astype(int).tolist()
        return steps
    return [0, *_geometric(last, count - 1)]


def _geometric(last: int, count: int) -> Sequence[int]:
    """Return `count` different whole numbers from 1 to `last`, as nearly geometric as they can be."""
    steps: list[int] = []
    step = 0
    for left in range(count, 0, -1):
        wanted = round(step * (last / step) ** (1 / left)) if step else 1
        step = last if left == 1 else min(max(step + 1, wanted), last - left + 1)
        steps.append(step)
    return steps
