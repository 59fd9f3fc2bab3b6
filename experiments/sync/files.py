"""Files that are copied as a whole, or not at all, and only if they are what was recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from experiments.sync.folders import UNFINISHED, digest_of, is_within
from nn.files import replacing
from workbench.records import Artefact

PIECE = 2**20


class OtherContentError(Exception):
    """A file is not what was recorded."""


@dataclass
class Copied:
    """How many files were copied, how many bytes, and how many are not there or not what was recorded."""

    files: int = 0
    size: int = 0
    missing: int = 0

    def copy(self, source: Path, artefact: Artefact, root: Path, target: Path) -> bool:
        """Copy a file, unless it is there; return whether it is now.

        Parameters
        ----------
        source
            The file.
        artefact
            What was recorded of it.
        root
            The folder that it must be in, wherever links lead.
        target
            Where it goes.
        """
        if digest_of(target) == artefact.digest:
            return True
        if not (source.is_file() and is_within(source, root)):
            self.missing += 1
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".*{UNFINISHED}"):
            left.unlink()
        try:
            _copy(source, artefact, target)
        except OtherContentError:
            self.missing += 1
            return False
        self.files += 1
        self.size += artefact.size
        return True


def _copy(source: Path, artefact: Artefact, target: Path) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as file, replacing(target) as copy:
        while piece := file.read(PIECE):
            digest.update(piece)
            copy.write(piece)
        if digest.hexdigest() != artefact.digest:
            raise OtherContentError
