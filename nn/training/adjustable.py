"""What of a trainer may be replaced between two steps; the rest of it goes on as it was."""

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
        """Descend with another optimizer from the next step on, which begins with what it remembers.

        A snapshot of before can only be restored after one of that kind is used again.

        Raises
        ------
        ValueError
            When it is no optimizer, or has been used on other parameters; nothing is changed then.
        TrainingMemoryError
            When what it keeps does not fit into memory; nothing is changed then.
        """
        check_arguments(optimizer=optimizer)
        self._require_memory(optimizer, self.batch_size)
        optimizer.prepare(self.network.parameters)
        self.optimizer = optimizer

    def use_batch_size(self, count: int) -> None:
        """Take so many entries in a step from the next one on; an epoch that has begun goes on where it is.

        Raises
        ------
        ValueError
            When it is no whole number of at least 1; nothing is changed then.
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
