"""How training ended."""

from __future__ import annotations

from typing import NamedTuple

from nn.training.log import LogRow


class Outcome(NamedTuple):
    """How training ended.

    Attributes
    ----------
    stopped
        Whether it was asked to stop before it reached a limit.
    row
        Where training stands; None when no step was ever made. `Trainer.restored` says whether the network
        went back to the parameters of another row.
    reason
        Why it was asked to stop; empty where it was not.
    """

    stopped: bool
    row: LogRow | None
    reason: str = ""
