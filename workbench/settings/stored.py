"""What every program's settings have in common, and how they are read from a snapshot."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from nn import Snapshot, SnapshotError
from workbench.settings.table import Given


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
