"""Another records file, read as a copy: it stays as it is, whoever writes to it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from nn.one_line import one_line
from workbench.errors import InputError
from workbench.records import RecordsError, Store
from workbench.records.errors import explained
from workbench.records.place import DEFAULT

WITHIN = (Path(DEFAULT.name), DEFAULT)
"""Where a folder may hold its records file."""


def records_in(place: Path) -> Path:
    """Return the records file that is meant by a path: itself, or the one in the folder.

    Raises
    ------
    InputError
        When there is none.
    """
    if place.is_dir():
        there = [place / name for name in WITHIN if (place / name).is_file()]
        if not there:
            raise InputError(f"{place}: holds no {' and no '.join(map(str, WITHIN))}: name the records file")
        return there[0]
    if not place.is_file():
        raise InputError(f"{place}: is not there: give a records file, or the folder that holds one")
    return place


@contextmanager
def copied(path: Path) -> Iterator[Store]:
    """Open a copy of a records file, of this moment and brought up to date.

    Raises
    ------
    RecordsError
        When it is none, is damaged, or of a newer version.
    """
    with tempfile.TemporaryDirectory(prefix="sync-") as folder:
        copy = Path(folder, path.name)
        with explained(path):
            _copy(path, copy)
        try:
            opened = Store.open(copy)
        except RecordsError as error:
            raise RecordsError(str(error).replace(str(copy), str(path))) from error
        with opened:
            _check(opened, path)
            _check_paths(opened, path)
            yield opened


def _copy(path: Path, copy: Path) -> None:
    there, here = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True), sqlite3.connect(copy)
    try:
        there.backup(here)
    finally:
        there.close()
        here.close()


def _check(store: Store, path: Path) -> None:
    """Refuse a file that this program has not written.

    Raises
    ------
    RecordsError
        When it has other tables, or values that they cannot have.
    """
    execute, query = store.connection.execute, "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    execute("PRAGMA trusted_schema = OFF")
    with Store.open(store.path.with_name("plain"), create=True) as plain:
        expected = plain.connection.execute(query).fetchall()
    with explained(path):
        if execute(query).fetchall() != expected:
            raise RecordsError(f"{path}: has other tables than this program makes: it is not taken over")
        (said,) = execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise RecordsError(f"{path}: is damaged: {one_line(said)}")


def _check_paths(store: Store, path: Path) -> None:
    """Refuse paths that lead upwards.

    Raises
    ------
    RecordsError
        Naming one.
    """
    query = (
        "SELECT number, folder FROM runs WHERE folder IS NOT NULL UNION ALL SELECT run, path FROM artefacts"
    )
    for number, text in store.connection.execute(query):
        if ".." in PurePosixPath(text).parts or "\0" in text:
            raise RecordsError(
                f"{path}: run {number}: {text!r} leads out of its folder: nothing was taken over"
            )
