"""What every neuron applies to its sum: its activation, another one, or the value it is clamped to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nn.activations import Activation
from nn.kernels.core.activations import CLAMPED


@dataclass(frozen=True)
class Clamped(Activation):
    """f(x) = value for any x: what a clamped neuron has instead of its own activation."""

    value: float
    name = "clamped"
    code = CLAMPED

    @property
    def slope(self) -> float:
        """The value."""
        return self.value

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return the value everywhere."""
        return np.full_like(sums, self.value)

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = 0."""
        return np.zeros_like(values)


class NeuronActivations(NamedTuple):
    """The activation of every neuron.

    Attributes
    ----------
    activations
        The different ones.
    numbers
        Number of every neuron's activation in that list, (neurons,).
    """

    activations: list[Activation]
    numbers: np.ndarray

    def of(self, neuron: int) -> Activation:
        """Return what one neuron applies."""
        return self.activations[self.numbers[neuron]]

    def codes(self, order: np.ndarray) -> np.ndarray:
        """Return what kernels call the activations of the neurons in an order, int64 (neurons,)."""
        codes = np.array([activation.code for activation in self.activations], np.int64)
        return codes[self.numbers[order]]

    def slopes(self, order: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Return the parameters of the activations of the neurons in an order, (neurons,)."""
        slopes = np.array([activation.slope for activation in self.activations], dtype)
        return slopes[self.numbers[order]]

    def clamping(self, clamped: Mapping[int, float]) -> NeuronActivations:
        """Return the activations while some neurons are clamped: index to value."""
        if not clamped:
            return self
        values = sorted(set(clamped.values()))
        numbers = self.numbers.copy()
        numbers[list(clamped)] = len(self.activations) + np.searchsorted(values, list(clamped.values()))
        return NeuronActivations([*self.activations, *(Clamped(value) for value in values)], numbers)

    def replacing(self, before: Activation, after: Activation, changeable: np.ndarray) -> NeuronActivations:
        """Return the activations with one replaced by another; see `Graph.replacing`.

        Parameters
        ----------
        before, after
            Activations.
        changeable
            The neurons in which it may be replaced, bool (neurons,).
        """
        activations, numbers = list(self.activations), self.numbers.copy()
        places = [place for place, each in enumerate(activations) if each == before]
        chosen = np.isin(numbers, places) & changeable
        if not chosen.any():
            raise ValueError(f"no neuron has the activation {before!r}; there are {activations}")
        if after not in activations:
            activations.insert(places[0] + 1, after)
            numbers[numbers > places[0]] += 1
        numbers[chosen] = activations.index(after)
        used = np.bincount(numbers, minlength=len(activations)) > 0
        return NeuronActivations(
            [each for each, wanted in zip(activations, used, strict=True) if wanted],
            (np.cumsum(used) - 1)[numbers],
        )
