"""How much memory training takes, computed before any of it is allocated; too much is refused."""

from __future__ import annotations

from typing import NamedTuple

from nn.byte_sizes import format_bytes
from nn.data.memory import available_memory
from nn.history import padded
from nn.optimizer import Optimizer
from nn.training.trainable import Trainable


class TrainingMemoryError(MemoryError):
    """Training needs more memory than is available: the message has the figures and what to reduce."""


class Memory(NamedTuple):
    """Bytes by purpose.

    Attributes
    ----------
    parameters, gradients
        Of the network.
    optimizer
        What it keeps from step to step.
    histories
        What the network keeps of every entry of a batch.
    data
        Arrays that batches are gathered from.
    """

    parameters: int
    gradients: int
    optimizer: int
    histories: int
    data: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self)

    @property
    def parts(self) -> dict[str, int]:
        """By name; data only where there are any."""
        return {name: part for name, part in self._asdict().items() if part or name != "data"}

    def __str__(self) -> str:
        return ", ".join(f"{name} {format_bytes(part)}" for name, part in self.parts.items())


def estimate(network: Trainable, optimizer: Optimizer, batch_size: int, data_bytes: int = 0) -> Memory:
    """Return what training takes.

    Parameters
    ----------
    network
        Knows its parameters, and what its histories take.
    optimizer
        Knows how many arrays as large as the parameters it keeps.
    batch_size
        Entries in a step.
    data_bytes
        Bytes of the data.
    """
    parameters = network.parameters.size * network.parameters.dtype.itemsize
    histories = network.history_bytes(padded(batch_size))  # batches come in whole vectors of histories
    return Memory(parameters, parameters, len(optimizer.slots) * parameters, histories, data_bytes)


def require_training_memory(network: Trainable, optimizer: Optimizer, batch_size: int) -> None:
    """Refuse to train a network that does not fit; its parameters and the data are in memory already.

    Raises
    ------
    TrainingMemoryError
        With the figures, and what to make smaller.
    """
    memory = estimate(network, optimizer, batch_size)
    _require(memory.total - memory.parameters, memory)


def require_memory_to_change(
    network: Trainable, before: tuple[Optimizer, int], after: tuple[Optimizer, int]
) -> None:
    """Refuse an optimizer or a batch size that does not fit into memory.

    Memory of the current training is already allocated; an optimizer's arrays remain while those of the next
    are allocated.

    Parameters
    ----------
    network
        What is trained.
    before, after
        Optimizer and entries in a step.

    Raises
    ------
    TrainingMemoryError
        With the figures, and what to make smaller.
    """
    now, then = estimate(network, *before), estimate(network, *after)
    needed = max(then.histories - now.histories, 0)
    if after[0] is not before[0]:
        needed += then.optimizer
        needed += then.gradients if before[0].is_plain_sgd and not after[0].is_plain_sgd else 0
    _require(needed, then)


def _require(needed: int, memory: Memory) -> None:
    available = available_memory()
    if needed > available:
        raise TrainingMemoryError(
            f"training needs {format_bytes(needed)} more memory (in all: {memory}) and "
            f"{format_bytes(available)} is available: choose a smaller batch size for fewer "
            "histories, a smaller network for fewer parameters, or an optimizer that keeps fewer arrays"
        )
