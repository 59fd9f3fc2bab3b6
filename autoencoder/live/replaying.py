"""Replaying: a callback that makes the changes of a journal at their steps and compares what comes of it."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from autoencoder.errors import InputError
from autoencoder.live.changes import ChangeError, SettingChange
from autoencoder.live.events import Change, Snapshot, Stop
from autoencoder.live.home import checksum
from autoencoder.live.lineage import Lineage
from autoencoder.session import Session
from autoencoder.settings import Settings, to_key, to_name
from autoencoder.validation import Given, make_settings
from nn.training import Trainer
from nn.training.callbacks import Callback


class Replay(Callback):
    """Does what a journal says, stops at its end, or where something differs.

    A limit of minutes is not kept: the run ends where the journal does.

    Parameters
    ----------
    session
        At its start.
    lineage
        Of the journal.

    Attributes
    ----------
    compared
        How many checksums were the same.
    difference
        Where the first one was another; empty where all were the same.
    """

    def __init__(self, session: Session, lineage: Lineage) -> None:
        self._session = session
        self._entries = deque(lineage.entries)
        self.compared = 0
        self.difference = ""

    @property
    def done(self) -> bool:
        """Whether everything in the journal was done."""
        return not self._entries and not self.difference

    def on_start(self, trainer: Trainer) -> None:
        """Make the changes of before the first step."""
        self._follow(trainer)

    def on_step(self, trainer: Trainer) -> None:
        """Make the changes of before the next step."""
        self._follow(trainer)

    def _follow(self, trainer: Trainer) -> None:
        while self._entries and self._entries[0].step <= trainer.step and not self.difference:
            entry = self._entries.popleft()
            if isinstance(entry, Change):
                self._change(entry)
            else:
                self._compare(entry)
        trainer.limits = trainer.limits._replace(minutes=None)
        if self.difference or not self._entries:
            trainer.stop("the journal ends here")

    def _change(self, entry: Change) -> None:
        try:
            self._session.steering.apply(entry.changed.changes)
        except ChangeError as error:
            raise InputError(f"the journal does not fit the run, step {entry.step}: {error}") from error

    def _compare(self, entry: Snapshot | Stop) -> None:
        if checksum(self._session) == entry.parameters:
            self.compared += 1
            return
        what = f"snapshot {entry.name}" if isinstance(entry, Snapshot) else "stop"
        self.difference = f"step {entry.step:,} ({what}): other parameters than those of the journal"


def refuse_clock(lineage: Lineage, path: Path) -> None:
    """Refuse the lineage in a journal if the learning rate followed the clock in any of its steps.

    Raises
    ------
    SettingsError, InputError
        When settings in it cannot be used; when the clock decided.
    """
    given = journal_settings(lineage, path)
    step = 0
    for entry in lineage.entries:
        if entry.step > step and _follows_clock(make_settings(given)):
            raise InputError(
                f"{path}: cannot be replayed: from step {step:,} on its schedule followed the "
                "minutes, which are never the same; a run with epochs, or with schedule=constant, can be"
            )
        step = entry.step
        if isinstance(entry, Change):
            settings = (each for each in entry.changed.changes if isinstance(each, SettingChange))
            given |= {to_name(each.name): Given(each.value, f"{path}: {each.name}") for each in settings}


def journal_settings(lineage: Lineage, path: Path) -> dict[str, Given]:
    """Return the settings with which the run of a journal began."""
    texts = lineage.begin.settings
    return {name: Given(text, f"{path}:1: {to_key(name)}") for name, text in texts.items()}


def _follows_clock(settings: Settings) -> bool:
    return settings.schedule != "constant" and settings.epoch_limit is None
