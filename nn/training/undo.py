"""Undoing a step that failed: everything it changed before its update is restored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nn.training.random_state import GeneratorPosition
from nn.training.trainable import forget_batch, state_copy

if TYPE_CHECKING:
    from nn.training import Trainer


class Undo:
    """The state before a step, as far as the step changes it before it is certain to succeed.

    That is what the network carries and draws from, and the order of the entries. The parameters and what the
    optimizer keeps are changed by the update alone; they are copied where that could fail midway.

    Parameters
    ----------
    trainer
        Between two steps.

    Attributes
    ----------
    step
        Steps done then.
    """

    __slots__ = ("_carried", "_copies", "_draws", "_optimizer_steps", "_ordered", "step")

    def __init__(self, trainer: Trainer) -> None:
        network = trainer.network
        self.step = trainer.step
        self._ordered = trainer.shuffle.is_ordered
        self._carried = state_copy(network)
        self._draws = [GeneratorPosition(generator) for generator in network.generators.values()]
        self._optimizer_steps = trainer.optimizer.steps
        self._copies: Sequence[tuple[np.ndarray, np.ndarray]] = ()

    def keep_parameters(self, trainer: Trainer) -> None:
        """Copy the parameters and what the optimizer keeps, before an update that may fail midway."""
        parameters, optimizer = trainer.network.parameters, trainer.optimizer
        optimizer.prepare(parameters)
        kept = [parameters.values, *(optimizer.state()[slot] for slot in optimizer.slots)]
        self._copies = [(array, array.copy()) for array in kept]

    def restore(self, trainer: Trainer) -> None:
        """Restore everything, with gradients of zero."""
        network = trainer.network
        for array, copy in self._copies:
            array[...] = copy
        network.parameters.zero_gradients()
        trainer.optimizer.steps = self._optimizer_steps
        carried = network.state()
        if carried.keys() != self._carried.keys() or not all(
            np.array_equal(carried[name], array) for name, array in self._carried.items()
        ):
            network.load_state(self._carried)
        for draws in self._draws:
            draws.restore()
        if not self._ordered:
            trainer.shuffle.forget_order()
        forget_batch(network)
