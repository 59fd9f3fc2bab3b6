"""What the training loop needs of a network, whatever family it is of."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

import numpy as np

from nn.bfloat16_arrays import widened
from nn.parameters import Parameters
from nn.training.batch import Batch, Values
from nn.training.target_ranges import HasOutputRange


class Trainable(HasOutputRange, Protocol):
    """A network as the training loop sees it; `networks.base.network.Network` satisfies this protocol."""

    entries: int | None
    propagates: bool

    @property
    def parameters(self) -> Parameters:
        """Flat values and gradients."""

    @property
    def stored_dtype(self) -> np.dtype:
        """The dtype of values and signals: that of the parameters, or bfloat16."""

    @property
    def named_outputs(self) -> Mapping[str, HasOutputRange]:
        """The outputs one by one, by name."""

    @property
    def leaves(self) -> Mapping[str, Any]:
        """The networks inside by name, each with `family`, `entries`, `values` and `signals`."""

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """What it draws from while training, by name."""

    @property
    def step_mask(self) -> np.ndarray | None:
        """Which steps of the next forwards are there."""

    @step_mask.setter
    def step_mask(self, mask: np.ndarray | None) -> None: ...

    def forward(self, values: Any, training: bool = False) -> Any:
        """Return the outputs (..., N) of inputs (..., N), by name where there are several."""

    def backward(self, signals: Any, learning_rate: float | None = None) -> Any:
        """Add the gradients, or descend along them at once when there is a learning rate."""

    def state(self) -> dict[str, np.ndarray]:
        """Return what it carries from step to step beside the parameters: the arrays themselves."""

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from what `state` returned; a ValueError where it does not fit, and no change then."""

    def reset(self) -> None:
        """Forget the sequence that came before."""

    def inference(self, with_batch: bool = False) -> AbstractContextManager[Self]:
        """Return a context in which inference does not affect training."""

    def in_step(self) -> AbstractContextManager[None]:
        """Return a context in which the values and signals of a batch are still needed."""

    def history_bytes(self, histories: int) -> int:
        """Return how much memory a step on so many histories takes beside the parameters."""


def run(network: Trainable, batch: Batch, training: bool = False) -> Values:
    """Return the outputs for a batch, after telling the network what of the batch is there.

    Those that are stored as bfloat16 come as float32, in which losses and metrics compute.
    """
    network.step_mask = batch.step_mask
    network.entries = batch.entries
    outputs: Values = widened(network.forward(batch.inputs, training))
    return outputs


def forget_batch(network: Trainable) -> None:
    """Let the next forward be of whatever it is given, not of the batch that was run last."""
    network.step_mask = None
    network.entries = None


def state_copy(network: Trainable) -> dict[str, np.ndarray]:
    """Return a copy of what a network carries."""
    carried = network.state()
    return {name: array.copy() for name, array in carried.items()} if carried else carried
