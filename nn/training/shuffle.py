"""The order of the entries in training: a new one every epoch, which a resume continues midway."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from nn.training.log import Whole
from nn.training.options import LastBatch
from nn.training.random_state import check_generator_state, generator_state, set_generator_state

Count = Annotated[Whole, Field(ge=0)]


class ShuffleState(BaseModel):
    """Where a shuffle stands.

    Attributes
    ----------
    entries
        Entries of an epoch.
    epoch, entry
        Epochs done, and entries of the current one that are done.
    generator
        State of the generator now.
    epoch_generator
        Its state before it drew the order of the current epoch; None where none is drawn yet.
    """

    model_config = ConfigDict(extra="forbid")

    entries: Annotated[Whole, Field(gt=0)]
    epoch: Count
    entry: Count
    generator: dict[str, Any]
    epoch_generator: dict[str, Any] | None

    @model_validator(mode="after")
    def _check_entry(self) -> ShuffleState:
        if self.entry >= self.entries:
            raise ValueError(f"entry {self.entry} of {self.entries}")
        if self.entry and self.epoch_generator is None:
            raise ValueError("epoch_generator is missing in the middle of an epoch")
        return self


class Shuffle:
    """Every entry once an epoch, in an order drawn anew.

    Parameters
    ----------
    entries
        How many there are.
    generator
        Draws the orders. Others may draw from it too.
    shuffled
        Whether there is an order to draw; entries come in their own otherwise.
    last_batch
        What becomes of entries that are left over; see `nn.training.Options`.

    Attributes
    ----------
    epoch, entry
        Epochs done, and entries of the current one that are done.
    """

    def __init__(
        self,
        entries: int,
        *,
        generator: np.random.Generator,
        shuffled: bool = True,
        last_batch: LastBatch = "keep",
    ) -> None:
        self.entries = entries
        self.generator = generator
        self.shuffled, self.last_batch = shuffled, last_batch
        self.epoch = self.entry = 0
        self._order: np.ndarray | None = None
        self._epoch_generator: dict[str, Any] | None = None

    @property
    def epochs(self) -> float:
        """Epochs done, with the share of the current one."""
        return self.epoch + self.entry / self.entries

    def next(self, count: int) -> np.ndarray:
        """Return the next batch: `count` entries, int (count,), or what the epoch has left; go no further."""
        if self._order is None:
            self._epoch_generator = generator_state(self.generator)
            self._order = (
                self.generator.permutation(self.entries) if self.shuffled else np.arange(self.entries)
            )
        return self._order[self._batch(self.entry, count)]

    @property
    def is_ordered(self) -> bool:
        """Whether the order of the current epoch is drawn."""
        return self._order is not None

    def forget_order(self) -> None:
        """Undo drawing the order of the current epoch, if it was drawn."""
        if self._epoch_generator is not None:
            set_generator_state(self.generator, self._epoch_generator)
        self._order = self._epoch_generator = None

    def peek(self, count: int) -> np.ndarray:
        """Return the batch after the next one, of `count` entries or what the epoch has of them.

        The order of the next epoch is not known yet: others may draw from the generator before.
        """
        if self._order is None or self.is_last(count):
            return np.zeros(0, np.int64)
        return self._order[self._batch(self._batch(self.entry, count).stop, count)]

    def is_last(self, count: int) -> bool:
        """Return whether the next batch, of `count` entries, ends the epoch."""
        return self._is_over(self._batch(self.entry, count).stop, count)

    def largest(self, count: int) -> int:
        """Return how many entries a batch has at most, in batches of `count`."""
        return min(self.entries, 2 * count - 1 if self.last_batch == "merge" else count)

    def _batch(self, start: int, count: int) -> slice:
        """Return where in the order the batch lies that begins at a place."""
        end = min(start + count, self.entries)
        merged = self.last_batch == "merge" and self.entries - end < count
        return slice(start, self.entries if merged else end)

    def _is_over(self, entry: int, count: int) -> bool:
        """Return whether an epoch is over when so many entries are done, in batches of `count`."""
        left = self.entries - entry
        return left <= 0 or (self.last_batch == "drop" and left < count)

    def advance(self, count: int) -> bool:
        """Mark the next batch, of `count` entries, as done, and return whether that ended the epoch."""
        self.entry += count
        if not self._is_over(self.entry, count):
            return False
        self.epoch += 1
        self.entry = 0
        self._order = self._epoch_generator = None
        return True

    def state(self) -> ShuffleState:
        """Return where it stands."""
        return ShuffleState(
            entries=self.entries,
            epoch=self.epoch,
            entry=self.entry,
            generator=generator_state(self.generator),
            epoch_generator=self._epoch_generator,
        )

    def check_state(self, state: ShuffleState) -> None:
        """Ask whether `load_state` would succeed.

        Raises
        ------
        ValueError
            When the state is of another number of entries or another kind of generator.
        """
        if state.entries != self.entries:
            raise ValueError(
                f"it was trained on {state.entries} entries, now there are {self.entries}: "
                "go on with the same data, or begin anew"
            )
        check_generator_state(self.generator, state.generator)
        if state.epoch_generator is not None:
            check_generator_state(self.generator, state.epoch_generator)

    def load_state(self, state: ShuffleState) -> None:
        """Go on from where another shuffle stood; draws the order of its epoch once more.

        Raises
        ------
        ValueError
            As `check_state`; nothing is changed then.
        """
        self.check_state(state)
        self.epoch, self.entry = state.epoch, state.entry
        self._order = self._epoch_generator = None
        if state.epoch_generator is not None:
            set_generator_state(self.generator, state.epoch_generator)
            self.next(0)
        set_generator_state(self.generator, state.generator)
