"""The settings in the journal of a run, and whether it can be replayed with them."""

from __future__ import annotations

from pathlib import Path

from autoencoder.settings import TABLE, Settings
from workbench.errors import InputError
from workbench.run.changes import SettingChange
from workbench.run.events import ChangeEvent
from workbench.run.lineage import Lineage
from workbench.settings.table import Given, to_key, to_name


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
        if entry.step > step and _follows_clock(TABLE.make(given)):
            raise InputError(
                f"{path}: cannot be replayed: from step {step:,} on its schedule followed the "
                "minutes, which are never the same; a run with epochs, or with schedule=constant, can be"
            )
        step = entry.step
        if isinstance(entry, ChangeEvent):
            settings = (each for each in entry.changed.changes if isinstance(each, SettingChange))
            given |= {to_name(each.name): Given(each.value, f"{path}: {each.name}") for each in settings}


def journal_settings(lineage: Lineage, path: Path) -> dict[str, Given]:
    """Return the settings with which the run of a journal began."""
    texts = lineage.begin.settings
    return {name: Given(text, f"{path}:1: {to_key(name)}") for name, text in texts.items()}


def _follows_clock(settings: Settings) -> bool:
    return settings.schedule != "constant" and settings.epoch_limit is None
