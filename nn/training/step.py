"""A step of training: forward, loss, backward, update; and a stop before the update where it went wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from nn.losses import TargetError
from nn.optimizer import Optimizer
from nn.regularizers import Regularizer
from nn.training import divergence
from nn.training.batch import Batch, Values, named
from nn.training.divergence import refuse
from nn.training.losses import AnyLoss, batch_parts, unread_targets
from nn.training.mean_loss import Part
from nn.training.options import Options
from nn.training.trainable import Trainable, run

PACKAGE = "nn."


class Learner(NamedTuple):
    """A network with all that determines how a batch changes it: `prepare`, then `update`."""

    network: Trainable
    loss: AnyLoss
    optimizer: Optimizer
    options: Options

    def prepare(
        self,
        batch: Batch,
        indices: np.ndarray,
        factor: float,
        gradient_listeners: Sequence[Callable[[], None]] = (),
    ) -> tuple[dict[str, Part], Values | None]:
        """Do everything up to the update, so that nothing can go wrong in it.

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

        Returns
        -------
        parts
            The loss of the batch by output, penalties left out.
        signals
            Of the outputs, where backward and update are one pass that is still to come; otherwise None.

        Raises
        ------
        TargetError
            When the loss does not accept a target; names its number in the data.
        ValueError
            When the schedule gives no factor, or the loss no signals for every output.
        NotFiniteError
            When NaN or Inf turns up.
        """
        if not 0 <= factor < math.inf:
            raise ValueError(f"the schedule gives the factor {factor}: it must be finite and at least 0")
        refuse(divergence.in_batch(batch, indices, unread_targets(self.loss)))
        refuse(divergence.in_parameters(self.network.parameters))
        outputs = run(self.network, batch, training=True)
        parts, signals = self._loss_of(outputs, batch, indices)
        loss = sum(part.loss for part in parts.values())
        refuse(divergence.in_loss(self.network, loss, signals, indices))
        refuse(divergence.in_state(self.network))
        if self._updates_in_backward and not gradient_listeners:
            _check_signals(outputs, signals)
            return parts, signals
        self._find_gradients(signals, indices, gradient_listeners)
        return parts, None

    def update(self, signals: Values | None, factor: float) -> None:
        """Apply the update that `prepare` computed."""
        optimizer, parameters = self.optimizer, self.network.parameters
        if signals is not None:
            self._backward(signals, optimizer.learning_rate * factor)
            optimizer.count_step(parameters)
            return
        optimizer.step(parameters, factor)
        for each in self.options.regularizers:
            each.after_step(parameters)

    @property
    def may_fail_midway(self) -> bool:
        """Whether `update` may raise when it has changed parameters: where it runs code of somebody else."""
        kinds = [type(each) for each in self.options.regularizers]
        limits = [kind for kind in kinds if kind.after_step is not Regularizer.after_step]
        return not (_is_own(type(self.optimizer)) and all(map(_is_own, limits)))

    def _loss_of(self, outputs: Values, batch: Batch, indices: np.ndarray) -> tuple[dict[str, Part], Values]:
        try:
            return batch_parts(self.loss, outputs, batch)
        except TargetError as error:
            number = indices[error.entry]
            raise TargetError(f"{error} (number {number} of the data)", error.entry) from None

    def _find_gradients(
        self, signals: Values, indices: np.ndarray, gradient_listeners: Sequence[Callable[[], None]]
    ) -> None:
        network = self.network
        self._backward(signals)
        penalty = sum(each.before_step(network.parameters) for each in self.options.regularizers)
        refuse(None if math.isfinite(penalty) else f"the penalty of the regularizers is {penalty}")
        refuse(divergence.in_gradients(network, indices))
        if gradient_listeners:
            with network.in_step():
                for look in gradient_listeners:
                    look()
        self._clip()

    def _backward(self, signals: Values, learning_rate: float | None = None) -> None:
        """Run the network backwards, without the signals of its inputs, which are not needed."""
        network = self.network
        propagates = network.propagates
        try:
            network.propagates = False
            network.backward(signals, learning_rate)
        finally:
            network.propagates = propagates

    @property
    def _updates_in_backward(self) -> bool:
        """Whether the update is plain descent along every gradient, which backprop can do in its own pass."""
        if not self.optimizer.is_plain_sgd:
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


@cache
def _is_own(kind: type) -> bool:
    """Return whether a class is of this package, where all is checked before anything is changed."""
    return kind.__module__.startswith(PACKAGE)


def _check_signals(outputs: Values, signals: Values) -> None:
    """Refuse signals that would be refused when a part of the network has descended already."""
    expected, given = named(outputs), named(signals)
    for name, array in expected.items():
        found = given.get(name)
        if found is None or found.shape != array.shape or found.dtype != array.dtype:
            called = f"output {name}" if name else "the output"
            there = "none" if found is None else f"{found.dtype} {found.shape}"
            raise ValueError(
                f"signals of {called}: the loss gives {there}, expected {array.dtype} {array.shape}"
            )
