"""Settings that would do nothing for a run are refused, not passed over in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from workbench.errors import SettingsError
from workbench.settings.stored import ProgramSettings
from workbench.settings.table import Given


class Idle(NamedTuple):
    """Some settings that do nothing, unless they have one of the values that ask for nothing."""

    names: tuple[str, ...]
    reason: str
    nothing: tuple[Any, ...] = ()


def refuse_idle(settings: ProgramSettings, given: Mapping[str, Given], idle: Iterable[Idle]) -> None:
    """Refuse what is given and does nothing.

    Parameters
    ----------
    settings
        Of a run that is begun.
    given
        What of them was said, and where.
    idle
        What does nothing for this run, and why.

    Raises
    ------
    SettingsError
        Naming the place of the first, and what it would need.
    """
    fields = type(settings).model_fields
    for names, reason, nothing in idle:
        for name in names:
            if name in given and getattr(settings, name) not in (fields[name].default, *nothing):
                raise SettingsError(f"{said(given[name])}: {reason}, or leave it out")


def said(given: Given) -> str:
    """Return a setting as it was given."""
    return f"{given.place}={given.value}"
