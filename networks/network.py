"""The protocol that every network and every rung keeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from nn.history import from_history, to_history
from nn.image import Shape
from nn.parameters import Parameters


class Network(ABC):
    """A thing with a forward and a backward.

    Attributes
    ----------
    family
        What configurations and the ladder call it.
    input_shape, output_shape
        The layer images at both ends.
    dtype
        float32 for training, float64 for gradient checks.
    parameters
        Flat values and gradients with named views.
    propagates
        Whether `backward` computes the input signals. The first network of a model that learns has
        nobody to send them to: set it False there, and what `backward` returns is meaningless.
    """

    family: ClassVar[str]
    input_shape: Shape
    output_shape: Shape
    parameters: Parameters
    propagates: bool = True

    @property
    def dtype(self) -> np.dtype:
        """The dtype of parameters, values and signals."""
        return self.parameters.dtype

    @abstractmethod
    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Fill the histories and return the output values.

        Parameters
        ----------
        values
            (height, width, channels, N) of the input.
        training
            Whether layers that behave differently while learning should do so.

        Returns
        -------
        ndarray
            (height, width, channels, N) of the output; it belongs to the network, and the next
            call overwrites it.
        """

    @abstractmethod
    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Backpropagate the error signals of the forward that came before.

        Parameters
        ----------
        signals
            dLoss / d output value, (height, width, channels, N).
        learning_rate
            When given, plain gradient descent is applied to the parameters in the same pass and
            no gradient is kept. Otherwise gradients are added to `parameters.gradients`.

        Returns
        -------
        ndarray
            dLoss / d input value, (height, width, channels, N).
        """

    @property
    @abstractmethod
    def values(self) -> Any:
        """What every neuron's value was, for every entry, in the last forward."""

    @property
    @abstractmethod
    def signals(self) -> Any:
        """What every neuron's error signal was in the last backward."""

    @abstractmethod
    def to_configuration(self) -> dict[str, Any]:
        """Return a JSON-able description from which the ladder builds the same network."""

    def structure(self) -> dict[str, np.ndarray]:
        """Return the arrays that belong to the description, such as the wiring of a graph."""
        return {}

    @property
    @abstractmethod
    def connections(self) -> int:
        """Number of connections between neurons, biases left out."""

    @property
    def layers(self) -> Sequence[Network]:
        """The networks that follow one another inside; itself where there is one."""
        return [self]

    def predict(self, batch: np.ndarray, batch_size: int = 256) -> np.ndarray:
        """Run images through the network, a batch at a time.

        Parameters
        ----------
        batch
            (N, height, width, channels); converted to the dtype of the network.
        batch_size
            How many are run at once.

        Returns
        -------
        ndarray
            The outputs (N, height, width, channels).

        Raises
        ------
        ValueError
            When the images have another shape than the input, or the batch size is below 1.
        """
        if batch_size < 1:
            raise ValueError(f"{self.family}: batch size {batch_size} must be at least 1")
        if batch.shape[1:] != tuple(self.input_shape):
            raise ValueError(
                f"{self.family}: images have shape {batch.shape}, expected (N, {self.input_shape})"
            )
        outputs = np.empty((len(batch), *self.output_shape), self.dtype)
        for start in range(0, len(batch), batch_size):
            part = batch[start : start + batch_size]
            values = self.forward(to_history(part, self.dtype))
            outputs[start : start + len(part)] = from_history(values, len(part))
        return outputs


def check_input(network: Network, values: np.ndarray, shape: Shape, what: str) -> None:
    """Refuse an array that does not fit a network.

    Parameters
    ----------
    network
        Takes values of its dtype.
    values
        Should be (height, width, channels, N) with N at least 1.
    shape
        What the first three should be.
    what
        What the message calls the array.

    Raises
    ------
    ValueError
        Naming the network, the shape it has and the shape it was given.
    """
    if values.ndim != 4 or values.shape[:3] != tuple(shape) or not values.size:
        raise ValueError(f"{network.family}: {what} have shape {values.shape}, expected ({shape}, histories)")
    if values.dtype != network.dtype:
        raise ValueError(f"{network.family}: {what} are {values.dtype}, the network is {network.dtype}")


def check_signals(network: Network, signals: np.ndarray) -> None:
    """Refuse output signals that do not belong to the last forward.

    Raises
    ------
    ValueError
        As `check_input`, and when the number of histories is another than that of the last forward.
    """
    check_input(network, signals, network.output_shape, "signals")
    histories = network.values.shape[-1]
    if signals.shape[-1] != histories:
        raise ValueError(
            f"{network.family}: signals have {signals.shape[-1]} histories, the last forward had {histories}"
        )


def check_dtype(dtype: DTypeLike) -> np.dtype:
    """Return float32 or float64 as a dtype.

    Raises
    ------
    ValueError
        For anything else.
    """
    chosen = np.dtype(dtype)
    if chosen not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype {chosen}: networks compute in float32 or float64")
    return chosen
