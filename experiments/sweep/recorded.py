"""Sweeps as the records have them, whatever became of their files."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from experiments.sweep.file import SweepFile
from experiments.sweep.loading import unchecked_sweep
from experiments.sweep.programs import PROGRAMS, Programs
from experiments.sweep.sweep import Sweep
from experiments.sweep.trials import TrialRow, Trials
from workbench.errors import InputError
from workbench.records import Store
from workbench.records.errors import explained


def sweep_names(store: Store) -> list[str]:
    """Return the names of all sweeps that were begun, the newest first."""
    with explained(store.path):
        rows = store.connection.execute("SELECT name FROM sweeps ORDER BY number DESC").fetchall()
    return [name for (name,) in rows]


def recorded_sweep(store: Store, name: str, programs: Programs = PROGRAMS) -> tuple[Sweep, list[TrialRow]]:
    """Return a sweep and its trials so far.

    Raises
    ------
    InputError
        When there is none of that name, or this version of the program cannot read it.
    """
    with explained(store.path):
        query = "SELECT number, file FROM sweeps WHERE name = ?"
        found = store.connection.execute(query, (name,)).fetchone()
    if found is None:
        raise InputError(f"{store.path}: has no sweep called {name!r}")
    try:
        file = SweepFile.model_validate_json(found[1])
    except ValidationError as error:
        raise InputError(f"{store.path}: the sweep {name!r} was begun by another version") from error
    return unchecked_sweep(Path(f"{name}.toml"), file, programs), Trials(store, found[0]).rows()
