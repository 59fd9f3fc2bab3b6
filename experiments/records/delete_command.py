"""The command `delete`: records of runs, and with them their folders if that is asked for."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from experiments.records.choosing import add_filters, chooses, execute, found, make_parser, opened, query_of
from nn.byte_sizes import format_bytes
from workbench.errors import InputError
from workbench.records import Run, Store
from workbench.records.run import RUNNING

NAMED = 10
"""Runs that are named before they are deleted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Delete runs and return the exit status."""
    parser = make_parser(
        "delete",
        "Delete the records of runs, after asking; with --folder also the folders that they wrote to. What "
        "runs just now is never deleted.",
        "--state failed --since 2days --yes",
    )
    parser.add_argument("numbers", metavar="N", nargs="*", help="numbers of runs, as `list` shows them")
    add_filters(parser)
    parser.add_argument("--folder", action="store_true", help="delete the runs' folders, too")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args(arguments)
    return execute(parser, partial(_delete, options))


def _delete(options: argparse.Namespace) -> int:
    if not options.numbers and not chooses(options):
        raise InputError("say which runs: by their numbers, or by --where, --state and others")
    with opened(options) as store:
        runs = sorted(found(store, query_of(options, options.numbers)), key=lambda run: run.number)
        if running := [run.number for run in runs if run.state == RUNNING]:
            raise InputError(f"run {running[0]} is running: stop it first, or leave it out")
        folders = folders_of(store, runs) if options.folder else []
        if not options.yes and not _agreed(runs, folders):
            print("nothing was deleted")
            return 0
        for folder in folders:
            _remove(folder)
        with store.writing():
            store.delete([run.number for run in runs])
    folders_too = f", {_count(len(folders), 'folder')}" if folders else ""
    print(f"{'deleted':10} {_count(len(runs), 'run')}{folders_too}")
    return 0


def folders_of(store: Store, runs: Sequence[Run]) -> list[Path]:
    """Return the folders of runs that are there.

    Raises
    ------
    InputError
        When one of them holds anything that is not the run's alone, or nothing that the run is known to have
        written: names it.
    """
    going = {run.number for run in runs}
    others = [other for other in store.runs() if other.folder is not None and other.number not in going]
    folders: dict[Path, None] = {}
    for run in runs:
        if run.folder is not None and run.folder.is_dir():
            _check_own(store, run, run.folder, others)
            folders[run.folder] = None
    return [folder for folder in folders if not any(other in folder.parents for other in folders)]


def _check_own(store: Store, run: Run, folder: Path, others: Sequence[Run]) -> None:
    """Refuse a folder that is not to be deleted with a run."""
    instead = "remove it by hand, or leave --folder out"
    kept = [Path.cwd(), Path.home(), store.path.absolute()]
    if folder.is_symlink() or any(each.is_relative_to(folder.resolve()) for each in kept):
        raise InputError(f"{folder}: holds more than run {run.number}: {instead}")
    for other in others:
        if other.folder is not None and other.folder.is_relative_to(folder):
            raise InputError(f"{folder}: is that of run {other.number}, too: {instead}")
    if not any((folder / each.path).is_file() for each in store.artefacts(run.number)):
        raise InputError(f"{folder}: has no file that run {run.number} is known to have written: {instead}")


def _remove(folder: Path) -> None:
    """Remove a folder.

    Raises
    ------
    FolderLockedError
        When a process trains in it.
    """
    from nn.training.lock import FolderLock  # noqa: PLC0415 - NumPy

    with FolderLock(folder):
        shutil.rmtree(folder)


def _agreed(runs: Sequence[Run], folders: Sequence[Path]) -> bool:
    """Name what is to be deleted, and ask."""
    if not sys.stdin.isatty():
        raise InputError(
            f"{_count(len(runs), 'run')} would be deleted: add --yes, because nobody can be asked here"
        )
    for run in runs[:NAMED]:
        print(f"run {run.number}, {run.program}, {run.state}")
    if len(runs) > NAMED:
        print(f"and {len(runs) - NAMED:,} more")
    for folder in folders:
        files = [path for path in folder.rglob("*") if path.is_file()]
        size = format_bytes(sum(path.stat().st_size for path in files))
        print(f"{folder}: {len(files):,} files, {size}")
    return input(f"delete {_count(len(runs), 'run')}? [y/N] ").strip().lower() in ("y", "yes")


def _count(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"
