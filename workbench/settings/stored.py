"""What every program's settings have in common, and how they are read from a snapshot."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from nn import Snapshot, SnapshotError
from workbench.errors import SettingsError
from workbench.settings.table import Given, Kind, SettingsTable, to_key, to_text


class ProgramSettings(BaseModel):
    """Settings of a program: immutable, and only those that have a field.

    Environment variables are not read: a run is described by its files and its command line alone.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        protected_namespaces=(),
        hide_input_in_errors=True,
    )


def settings_of(snapshot: Snapshot) -> dict[str, Given]:
    """Return the settings that a model was made with.

    Raises
    ------
    SnapshotError
        When they are missing or not a table of texts.
    """
    stored = snapshot.metadata.get("settings")
    if not isinstance(stored, dict) or not all(isinstance(text, str) for text in stored.values()):
        raise SnapshotError(f"{snapshot.path}: holds no settings, so no model of this program")
    return {name: Given(text, f"{snapshot.path}: {name}") for name, text in stored.items()}


def resumed(
    table: SettingsTable[Kind],
    given: Mapping[str, Given],
    snapshot: Snapshot,
    changeable: frozenset[str],
    *,
    made: str,
    instead: str,
) -> Kind:
    """Return the settings to go on with: those of a snapshot, and what is given in their place.

    Only fields that are `changeable` may differ. Messages have what was `made` with the settings, and what to
    do `instead` of giving another.

    Raises
    ------
    SettingsError
        When something is given that must not change, naming its place and both values.
    """
    stored = settings_of(snapshot)
    before, after = table.make(stored), table.make({**stored, **given})
    for name in given.keys() - changeable:
        if getattr(before, name) != getattr(after, name):
            raise SettingsError(
                f"{given[name].place}={given[name].value}: {made} with "
                f"{to_key(name)}={to_text(getattr(before, name))}, and goes on with that: {instead}"
            )
    return after
