"""Returning to the best parameters when training ends.

When training ends, the network may return to the parameters of an earlier row of the log. Its final state is
put aside: when training resumes, also from a snapshot, it continues from there, to the same bits as without
the return. If the parameters were changed by hand meanwhile, training continues from these.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np

from nn.interrupts import uninterrupted
from nn.training.learned_state import LearnedState
from nn.training.log import LogRow, TrainingLog
from nn.training.trainable import Trainable

logger = logging.getLogger(__name__)


class SetAside(NamedTuple):
    """What is put aside.

    Attributes
    ----------
    shown
        The learned state in the network now.
    trained
        What training goes on from.
    epoch
        Of the row that the network went back to.
    """

    shown: LearnedState
    trained: LearnedState
    epoch: float


class RestoresEpoch:
    """A trainer as far as going back to a row is concerned; see `nn.training.Trainer` for the attributes."""

    network: Trainable
    log: TrainingLog
    _set_aside: SetAside | None = None

    def restore_epoch(self, learned: LearnedState, epoch: float) -> None:
        """Return the network to its state after so many epochs, until training resumes.

        Meant for `Callback.before_end`. If several callbacks call it, the last one wins.

        Raises
        ------
        ValueError
            When the state does not fit the network; nothing is changed then.
        """
        trained = LearnedState.of(self.network) if self._set_aside is None else self._set_aside.trained
        with uninterrupted:
            learned.restore_to(self.network)
            self._set_aside = SetAside(learned, trained, epoch)
        logger.info("the network has the parameters of epoch %g", epoch)

    @property
    def restored(self) -> LogRow | None:
        """The row whose parameters the network went back to when training ended; None where it did not."""
        if self._set_aside is None:
            return None
        return next((row for row in self.log.rows if row.epoch == self._set_aside.epoch), None)

    @property
    def restored_epoch(self) -> float | None:
        """The epoch that the network went back to when training ended, 0 for its start; None for none."""
        return None if self._set_aside is None else self._set_aside.epoch

    def _take_up(self) -> SetAside | None:
        """Restore the training state; return what was put aside, if anything."""
        aside = self._set_aside
        if aside is None:
            return None
        with uninterrupted:
            self._set_aside = None
            if not np.array_equal(aside.shown.parameters, self.network.parameters.values):
                return None
            aside.trained.restore_to(self.network)
        return aside

    def _put_aside(self, aside: SetAside | None) -> None:
        """Undo `_take_up`, which returned this."""
        if aside is not None:
            with uninterrupted:
                aside.shown.restore_to(self.network)
                self._set_aside = aside
