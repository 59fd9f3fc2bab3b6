"""Signs of trouble in the course of the errors over the epochs."""

from __future__ import annotations

from collections.abc import Sequence

from nn.training.log import LogRow
from workbench.inspect.findings import Finding

CLIMBED = 3.0
"""Times its lowest at which the training error is said to have grown: batches alone do not do that."""

OVERFITTED = 1.2
"""Times its lowest at which the held-out error is said to have risen."""

PATIENCE = 3
"""Epochs after the lowest that are waited for."""


def trends(rows: Sequence[LogRow]) -> list[Finding]:
    """Return what is wrong in the errors of the epochs so far, given in their order."""
    known = [row for row in rows if row.training_loss is not None and row.training_loss > 0]
    if not known:
        return []
    found = _climbing(known)
    return [found] if found else _overfitting(known)


def _climbing(rows: Sequence[LogRow]) -> Finding | None:
    lowest, last = min(rows, key=_training), rows[-1]
    if _training(last) < CLIMBED * _training(lowest):
        return None
    seen = (
        f"the error has grown from {_training(lowest):.3g} at step {lowest.step:,} to {_training(last):.3g}"
    )
    return Finding(None, "climbing", seen, "a lower learning rate, from a snapshot before or from the start")


def _overfitting(rows: Sequence[LogRow]) -> list[Finding]:
    held_out = [row for row in rows if row.held_out_loss is not None and row.held_out_loss > 0]
    if not held_out:
        return []
    lowest, last = min(held_out, key=_held_out), held_out[-1]
    waited = last.epoch - lowest.epoch >= PATIENCE
    if not waited or _held_out(last) < OVERFITTED * _held_out(lowest) or _training(last) >= _training(lowest):
        return []
    share = _held_out(last) / _held_out(lowest) - 1
    seen = f"the held-out error is {share:.0%} above its lowest, that of step {lowest.step:,}"
    return [
        Finding(None, "overfitting", seen, "to stop there, more examples, dropout, or a decay of the weights")
    ]


def _training(row: LogRow) -> float:
    assert row.training_loss is not None
    return row.training_loss


def _held_out(row: LogRow) -> float:
    assert row.held_out_loss is not None
    return row.held_out_loss
