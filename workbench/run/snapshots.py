"""The snapshots of a run, to return to by name. Requests give names, never paths."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open

from workbench.errors import OperationError

FOLDER = "snapshots"
SUFFIX = ".safetensors"
NAME = re.compile(r"step-(\d{8,15})(-\d{1,9})?")

logger = logging.getLogger(__name__)


class KeptSnapshot(NamedTuple):
    """A snapshot to return to.

    Attributes
    ----------
    name
        Of the file, without its suffix.
    step, seconds, loss
        Steps done, seconds of training, and the loss of the last step then; None where that is not known.
    bytes, saved
        Of the file: its size, and when it was written, in seconds since 1970.
    """

    name: str
    step: int
    seconds: float
    loss: float | None
    bytes: int
    saved: float


class SnapshotFolder:
    """The snapshots in the directory of a run, saved on request or before a reset.

    Parameters
    ----------
    directory
        Of the run. Files in its folder `snapshots` that cannot be read are skipped, with a warning.
    """

    def __init__(self, directory: Path) -> None:
        self.folder = directory / FOLDER
        self._kept: dict[str, KeptSnapshot] = {}
        for path in sorted(self.folder.glob(f"step-*{SUFFIX}")):
            if NAME.fullmatch(path.stem):
                self._add_if_valid(path)

    def _add_if_valid(self, path: Path) -> None:
        try:
            self._kept[path.stem] = _described(path, *_progress(path))
        except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
            logger.warning("%s: left out, it is not a snapshot (%s)", path, error)

    @property
    def kept(self) -> list[KeptSnapshot]:
        """All snapshots, in the order of their steps."""
        return sorted(self._kept.values(), key=lambda each: (each.step, len(each.name), each.name))

    def named(self, name: str) -> KeptSnapshot:
        """Return the snapshot of a name; OperationError when there is none."""
        self.path(name)
        return self._kept[name]

    def path(self, name: str) -> Path:
        """Return the file of a snapshot.

        Raises
        ------
        OperationError
            When there is none of that name.
        """
        if not NAME.fullmatch(name) or name not in self._kept:
            raise OperationError(f"there is no snapshot {name!r}{choice_of(self._kept)}")
        return self.folder / f"{name}{SUFFIX}"

    def new_path(self, step: int) -> Path:
        """Return a file that does not exist yet, for a snapshot at a step; make the folder.

        Raises
        ------
        OperationError
            When the folder cannot be made.
        """
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OperationError(f"{self.folder}: cannot make this folder: {error.strerror}") from error
        name, number = f"step-{step:08}", 1
        while (path := self.folder / f"{name}{SUFFIX}").exists():
            number += 1
            name = f"step-{step:08}-{number}"
        return path

    def add(self, path: Path, step: int, seconds: float, loss: float | None) -> KeptSnapshot:
        """Add a snapshot that was just written."""
        self._kept[path.stem] = _described(path, step, seconds, loss)
        return self._kept[path.stem]

    def delete(self, name: str) -> KeptSnapshot:
        """Delete a snapshot, and return what it was.

        Raises
        ------
        OperationError
            When there is none of that name, or its file cannot be deleted.
        """
        path = self.path(name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OperationError(f"{path}: cannot delete this snapshot: {error.strerror}") from error
        return self._kept.pop(name)


def _described(path: Path, step: int, seconds: float, loss: float | None) -> KeptSnapshot:
    about = path.stat()
    return KeptSnapshot(path.stem, step, seconds, loss, about.st_size, about.st_mtime)


def _progress(path: Path) -> tuple[int, float, float | None]:
    """Read the header of a snapshot, without its arrays."""
    with safe_open(path, framework="numpy") as file:
        training = json.loads((file.metadata() or {})["metadata"])["training"]
    loss = training["log"]["last_loss"]
    return int(training["step"]), float(training["seconds"]), None if loss is None else float(loss)


def choice_of(names: Iterable[str]) -> str:
    """Return `: choose one of ...` for the first of some names; nothing where there are none."""
    listed = list(names)[:10]
    return f": choose one of {', '.join(listed)}" if listed else ""
