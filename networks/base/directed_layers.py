"""Directed layers of a recurrent network: one layer in one direction, and its states between two steps.

The states of a directed layer lie in T + 1 slots, as they follow one another in the sequence: what the
forward direction knows before step t lies in slot t, and after it in slot t + 1; the backward direction comes
from the other end, so that it is slot t + 1 before the step and slot t after it. (Schuster and Paliwal 1997,
"Bidirectional recurrent neural networks".)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from nn.deep_copied import DeepCopied
from nn.history import aligned_zeros

DIRECTIONS = ("forward", "backward")


class DirectedLayer(NamedTuple):
    """One layer in one direction.

    `number` is its place in the states, `prefix` what the names of its parameters begin with, `rows`
    where its units lie among the outputs of its layer.
    """

    number: int
    layer: int
    backward: bool
    inputs: int
    prefix: str
    rows: slice

    def steps(self, count: int) -> range:
        """Return the steps of a sequence in the order in which the directed layer takes them."""
        return range(count - 1, -1, -1) if self.backward else range(count)

    def slots(self, step: int) -> tuple[int, int]:
        """Return the slots of the states before and after a step."""
        return (step + 1, step) if self.backward else (step, step + 1)

    def after(self, states: np.ndarray) -> np.ndarray:
        """Return the states after every step, (T, units, N), given those in all slots, (T + 1, units, N)."""
        return states[:-1] if self.backward else states[1:]

    def before(self, states: np.ndarray) -> np.ndarray:
        """Return the states before every step, (T, units, N), given those in all slots."""
        return states[1:] if self.backward else states[:-1]

    @property
    def first_slot(self) -> int:
        """Where the initial states are."""
        return -1 if self.backward else 0

    @property
    def last_slot(self) -> int:
        """Where the final states are."""
        return 0 if self.backward else -1


@dataclass
class History(DeepCopied):
    """The arrays of a directed layer in the last forward and backward.

    Attributes
    ----------
    inputs
        What it was given, (T, inputs, N).
    states
        In all slots, (T + 1, units, N) each; hidden values first.
    gates
        Values of its gates, (T, gates, units, N).
    deltas
        dLoss / d sum of every gate, (T, gates, units, N).
    """

    inputs: np.ndarray
    states: tuple[np.ndarray, ...]
    gates: np.ndarray
    deltas: np.ndarray

    def begin(self, directed: DirectedLayer, states: Sequence[np.ndarray] | None) -> None:
        """Put the initial states of a directed layer into its first slot, zero where there are none."""
        for number, slots in enumerate(self.states):
            first = slots[directed.first_slot]
            if states is None:
                first[...] = 0
            else:
                first[:, : states[number].shape[-1]] = states[number][directed.number]


def make_directed_layers(features: int, units: int, layers: int, directions: int) -> list[DirectedLayer]:
    """Return the directed layers of all layers, in the order of their states."""
    directed_layers: list[DirectedLayer] = []
    for layer in range(layers):
        inputs = units * directions if layer else features
        for number, direction in enumerate(DIRECTIONS[:directions]):
            rows = slice(number * units, (number + 1) * units)
            prefix = f"layer_{layer}.{direction}."
            directed_layers.append(
                DirectedLayer(len(directed_layers), layer, direction == "backward", inputs, prefix, rows)
            )
    return directed_layers


def make_history(
    directed: DirectedLayer, gates: tuple[int, int, int, int], states: int, dtype: DTypeLike
) -> History:
    """Make room for the histories of a directed layer: (T, gates, units, N) and its kinds of states."""
    steps, _, units, histories = gates
    return History(
        inputs=np.zeros((steps, directed.inputs, 0), dtype),
        states=tuple(aligned_zeros((steps + 1, units, histories), dtype) for _ in range(states)),
        gates=aligned_zeros(gates, dtype),
        deltas=aligned_zeros(gates, dtype),
    )


def sum_over_steps(deltas: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the sum over t and N of deltas (T, rows, N) times values (T, sources, N): (rows, sources)."""
    return np.tensordot(deltas, values, axes=((0, 2), (0, 2)))
