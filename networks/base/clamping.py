"""Clamped neurons: their values are fixed, whatever the inputs, and no signal passes through them."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from networks.base.network import Network
from nn.deep_copied import DeepCopied
from nn.history import aligned_zeros


def checked_clamps(what: str, neurons: Mapping[int, float], count: int, dtype: np.dtype) -> dict[int, float]:
    """Return which neurons are to be clamped, and to which values.

    Parameters
    ----------
    what
        Whose neurons they are, for messages.
    neurons
        Index to value.
    count
        How many neurons there are.
    dtype
        Of the values in the network.

    Raises
    ------
    ValueError
        When it is not a mapping, there is no neuron of an index, or a value is not a finite number.
    """
    if not isinstance(neurons, Mapping):
        raise ValueError(f"{what}: {neurons!r} is not a dictionary of neurons to clamp and their values")
    largest = float(np.finfo(dtype).max)
    for index, value in neurons.items():
        if isinstance(index, bool) or not isinstance(index, Integral) or not 0 <= index < count:
            raise ValueError(f"{what}: neuron {index!r} is none of 0 to {count - 1}")
        if isinstance(value, bool) or not isinstance(value, Real) or not abs(value) <= largest:
            raise ValueError(f"{what}: neuron {index} is clamped to {value!r}, which is not a finite number")
    return {int(index): float(value) for index, value in neurons.items()}


class Clamp(DeepCopied):
    """Output neurons of a network that are clamped, for one that runs it.

    The values are written over the network's own outputs, so that it shows them. For a backward, the
    computed outputs are put back while it runs: no family has to know that a neuron is clamped. The outputs
    are looked up in the network, so that a copy finds its own.

    Parameters
    ----------
    network
        Whose neurons.
    neurons
        Flat index in its output to value, checked.
    """

    def __init__(self, network: Network, neurons: Mapping[int, float]) -> None:
        self.network, self.neurons = network, dict(neurons)
        places = np.unravel_index(list(self.neurons), tuple(network.output_shape))
        self._places: tuple[Any, ...] = (..., *places, slice(None))
        self._values = np.array(list(self.neurons.values()), network.dtype)[:, None]
        self._copied: np.ndarray | None = None
        self._computed: np.ndarray | None = None

    @property
    def returned(self) -> np.ndarray:
        """What the last forward returned."""
        outputs: np.ndarray = self.network.returned if self._copied is None else self._copied
        return outputs

    def forward(self, values: Any, training: bool) -> np.ndarray:
        """Return the outputs of the network, the clamped ones set in every history.

        Outputs that are views of the inputs, or states carried to the next forward, are copied first.
        """
        outputs = self.network.forward(values, training)
        others = *_arrays(values), *self.network.state().values()
        self._copied = None
        if not outputs.flags.writeable or any(np.may_share_memory(outputs, each) for each in others):
            self._copied = outputs = _copy(outputs)
        self._computed = outputs[self._places]
        outputs[self._places] = self._values
        return outputs

    def backward(self, signals: np.ndarray, learning_rate: float | None) -> Any:
        """Return the input signals of output signals, those of the clamped outputs taken as zero."""
        if self._computed is None or signals.shape != self.returned.shape:
            return self.network.backward(signals, learning_rate)
        outputs = self.returned
        stopped = _copy(signals)
        stopped[self._places] = 0
        outputs[self._places] = self._computed
        try:
            return self.network.backward(stopped, learning_rate)
        finally:
            outputs[self._places] = self._values


def _arrays(values: Any) -> list[np.ndarray]:
    """Return the inputs of a network, array by array."""
    if isinstance(values, np.ndarray):
        return [values]
    return list(values.values() if isinstance(values, Mapping) else values)


def _copy(array: np.ndarray) -> np.ndarray:
    copy = aligned_zeros(array.shape, array.dtype)
    copy[...] = array
    return copy
