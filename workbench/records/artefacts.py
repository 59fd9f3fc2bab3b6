"""The files that a run wrote, with sizes and digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from workbench.records.run import Artefact


def artefacts(paths: Iterable[Path], folder: Path | None, role: str) -> Iterator[Artefact]:
    """Yield the files among some paths, read once; what is not there or cannot be read is left out.

    Parameters
    ----------
    paths
        Of files.
    folder
        Of the run; files in it are named by where they lie in it.
    role
        What they are.
    """
    for path in paths:
        whole = path.absolute()
        try:
            with whole.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = whole.stat().st_size
        except OSError:
            continue
        if folder is not None and whole.is_relative_to(folder):
            whole = whole.relative_to(folder)
        yield Artefact(whole, role, size, digest)
