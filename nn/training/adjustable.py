"""The parts of a trainer that may be replaced between two steps."""

from __future__ import annotations

from nn.optimizer import Optimizer
from nn.parameter_binding import bind, check_binding
from nn.schedules import Schedule
from nn.training.arguments import check_arguments, check_batches
from nn.training.batch import BatchSource
from nn.training.memory import require_memory_to_change
from nn.training.shuffle import Shuffle
from nn.training.trainable import Trainable


class Adjustable:
    """A trainer whose parts can be replaced; see `nn.training.Trainer` for the attributes.

    Learning rate, schedule, options and limits are plain attributes: assign to them between steps.
    """

    network: Trainable
    optimizer: Optimizer
    schedule: Schedule
    batches: BatchSource
    held_out: BatchSource | None
    batch_size: int
    shuffle: Shuffle

    def use_optimizer(self, optimizer: Optimizer) -> None:
        """Use another optimizer from the next step on, with its current state.

        An earlier snapshot can only be restored after switching back to an optimizer of its kind.

        Raises
        ------
        ValueError
            When it is not an optimizer, or has been used on other parameters; nothing is changed then.
        TrainingMemoryError
            When what it keeps does not fit into memory; nothing is changed then.
        """
        check_arguments(optimizer=optimizer)
        self._require_memory(optimizer, self.batch_size)
        optimizer.prepare(self.network.parameters)
        self.optimizer = optimizer

    def use_batch_size(self, count: int) -> None:
        """Use batches of so many entries from the next step on; an epoch that has begun continues.

        Raises
        ------
        ValueError
            When it is not a whole number of at least 1; nothing is changed then.
        TrainingMemoryError
            When the histories of so many entries do not fit into memory; nothing is changed then.
        """
        check_batches(self.batches, self.held_out, count)
        self._require_memory(self.optimizer, count)
        self.batch_size = int(count)

    def _require_own_parts(self) -> None:
        """Refuse an optimizer or a schedule that has been used with another network, with a ValueError."""
        self.optimizer.prepare(self.network.parameters)
        if (observer := self.schedule.observer) is not None:
            check_binding(f"schedule {observer.name}", observer, self.network.parameters)

    def _observe(self, loss: float) -> None:
        """Show the loss of an epoch to the schedule, which belongs to the network from then on."""
        if (observer := self.schedule.observer) is not None:
            bind(observer, self.network.parameters)
        self.schedule.observe(loss)

    def _require_memory(self, optimizer: Optimizer, batch_size: int) -> None:
        before = self.optimizer, self.shuffle.largest(self.batch_size)
        require_memory_to_change(self.network, before, (optimizer, self.shuffle.largest(batch_size)))
