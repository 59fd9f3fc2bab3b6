"""Where the files of a run are in the other's folder, and where they go in ours."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from workbench.errors import InputError
from workbench.records import Artefact, Run

SHORT = 8
"""Characters of a run's key that tell its folder from another of the same name."""

ELSEWHERE = "elsewhere"
"""Where files go that a run wrote outside of its folder."""

UNFINISHED = ".unfinished"
"""What the names of files end in that were being written when a process was killed."""


def found_within(root: Path, path: Path) -> Path | None:
    """Return what a path of another machine is within a folder that came from there; None where it is not.

    The longest end of the path that is there is meant, unless links lead out of the folder.
    """
    parts = path.parts[1:] if path.is_absolute() else path.parts
    ends = (Path(*parts[first:]) for first in range(len(parts)))
    end = next((end for end in ends if (root / end).exists()), None)
    return end if end is not None and is_within(root / end, root) else None


def is_within(path: Path, root: Path) -> bool:
    """Return whether a path is within a folder, wherever links lead."""
    return path.resolve().is_relative_to(root.resolve())


def places_of(artefacts: Iterable[Artefact], root: Path, folder: Path) -> dict[Path, tuple[Path, Artefact]]:
    """Return the files of a run by their places in its folder here, with where each is.

    Parameters
    ----------
    artefacts
        The files.
    root
        The other's folder.
    folder
        That of the run in it.
    """
    found = {}
    for each in artefacts:
        if not each.path.is_absolute():
            found[each.path] = (root / folder / each.path, each)
        elif (end := found_within(root, each.path)) is not None:
            found[Path(ELSEWHERE, end)] = (root / end, each)
    return found


class Folders:
    """The folders of our runs, each of one run alone.

    Parameters
    ----------
    root
        Within which they are made.
    runs
        That are recorded.
    """

    def __init__(self, root: Path, runs: Iterable[Run]) -> None:
        self.root = root.absolute()
        self._owners: dict[Path, str] = {}
        self._above: set[Path] = set()
        for run in runs:
            if run.folder is not None:
                self._note(run.folder, run.key)

    def choose(self, end: Path, run: Run, digests: Mapping[Path, str]) -> Path:
        """Return the folder for a run that comes in: of the name that it has there, if no other has it here.

        A folder that holds nothing but files of this very run was begun by a `sync` that was interrupted.

        Parameters
        ----------
        end
            Its place in the other's folder.
        run
            Which.
        digests
            Of its files, by their places in it.

        Raises
        ------
        InputError
            When none can be made here.
        """
        named = self.root / end
        others = (f"{named.name}-{run.key[:SHORT]}", f"{named.name}-{run.key}")
        for folder in (named, named.with_name(others[0]), self.root / others[1]):
            if self._is_free(folder) and _holds_only(folder, digests):
                self._note(folder, run.key)
                return folder
        raise InputError(f"{self.root / others[1]}: is in the way of a run: move it elsewhere")

    def _note(self, folder: Path, key: str) -> None:
        self._owners[folder] = key
        self._above.update(folder.parents)

    def _is_free(self, folder: Path) -> bool:
        taken = (
            folder in self._owners
            or folder in self._above
            or not self._owners.keys().isdisjoint(folder.parents)
        )
        return not taken and is_within(folder, self.root)


def _holds_only(folder: Path, digests: Mapping[Path, str]) -> bool:
    """Return whether a folder has no files but some of these, and those that were not finished."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return False
    files = (each for each in folder.rglob("*") if not each.is_dir() and each.suffix != UNFINISHED)
    return all(digests.get(each.relative_to(folder)) == digest_of(each) for each in files)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
