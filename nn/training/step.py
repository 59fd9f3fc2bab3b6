"""A step of training: forward, loss, backward, update; and a stop before the update where it went wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nn.losses import TargetError
from nn.optimizer import Optimizer
from nn.training import divergence
from nn.training.batch import Batch, Values
from nn.training.divergence import refuse
from nn.training.losses import AnyLoss, batch_parts
from nn.training.mean_loss import Part
from nn.training.options import Options
from nn.training.trainable import Trainable, run


class Learner(NamedTuple):
    """A network with all that decides how a batch changes it."""

    network: Trainable
    loss: AnyLoss
    optimizer: Optimizer
    options: Options

    @np.errstate(over="ignore", invalid="ignore")  # looked for, and named, by `divergence`
    def learn(
        self, batch: Batch, indices: np.ndarray, factor: float, watching: Sequence[Callable[[], None]] = ()
    ) -> dict[str, Part]:
        """Learn from a batch and return its loss by output, penalties left out.

        Parameters
        ----------
        batch
            The entries.
        indices
            Their numbers in the data, int (n,), for messages.
        factor
            What the schedule multiplies the learning rate by.
        watching
            Called when the gradients are there, before they are clipped and the parameters updated. Plain
            descent, which keeps no gradients otherwise, keeps them then; the last bits may differ.

        Raises
        ------
        TargetError
            When a target is none that the loss takes; names its number in the data.
        NotFiniteError
            When NaN or Inf turns up, before the parameters are changed; gradients are cleared.
        """
        try:
            refuse(divergence.in_batch(batch, indices))
            refuse(divergence.in_parameters(self.network.parameters))
            outputs = run(self.network, batch, training=True)
            parts, signals = self._loss_of(outputs, batch, indices)
            loss = sum(part.loss for part in parts.values())
            refuse(divergence.in_loss(self.network, loss, signals, indices))
            refuse(divergence.in_state(self.network))
            self._update(signals, indices, factor, watching)
        except divergence.NotFiniteError:
            self.network.parameters.zero_gradients()
            raise
        return parts

    def _loss_of(self, outputs: Values, batch: Batch, indices: np.ndarray) -> tuple[dict[str, Part], Values]:
        try:
            return batch_parts(self.loss, outputs, batch)
        except TargetError as error:
            number = indices[error.entry]
            raise TargetError(f"{error} (number {number} of the data)", error.entry) from None

    def _update(
        self, signals: Values, indices: np.ndarray, factor: float, watching: Sequence[Callable[[], None]]
    ) -> None:
        network, optimizer = self.network, self.optimizer
        if self._descends_at_once and not watching:
            self._backward(signals, optimizer.learning_rate * factor)
            optimizer.steps += 1
            return
        self._backward(signals)
        penalty = sum(each.before_step(network.parameters) for each in self.options.regularizers)
        refuse(None if math.isfinite(penalty) else f"the penalty of the regularizers is {penalty}")
        refuse(divergence.in_gradients(network, indices))
        for look in watching:
            look()
        self._clip()
        optimizer.step(network.parameters, factor)
        for each in self.options.regularizers:
            each.after_step(network.parameters)

    def _backward(self, signals: Values, learning_rate: float | None = None) -> None:
        """Run the network backwards, except for the signals of its inputs, which nobody asks for."""
        network = self.network
        propagates, network.propagates = network.propagates, False
        try:
            network.backward(signals, learning_rate)
        finally:
            network.propagates = propagates

    @property
    def _descends_at_once(self) -> bool:
        """Whether the update is plain descent along every gradient, which backprop can do in its own pass."""
        if not self.optimizer.is_plain_descent:
            return False
        options = self.options
        return not (options.regularizers or options.clipping is not None or self.network.parameters.frozen)

    def _clip(self) -> None:
        if self.options.clipping is None:
            return
        length = self.options.clipping(self.network.parameters)
        if not math.isfinite(length):
            refuse(f"the length of the gradient is {length} although every part is finite: it is too large")
        refuse(divergence.in_parameter_gradients(self.network.parameters, "clipped gradient of parameter"))
