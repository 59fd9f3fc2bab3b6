"""The folder of a run: a model in it, and nothing of another program overwritten."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import ClassVar

from nn import Snapshot, SnapshotError, load_latest
from nn.snapshot import load, previous
from workbench.errors import InputError


class RunFolderBase:
    """Where a run of a program keeps its model.

    Parameters
    ----------
    path
        The folder.

    Attributes
    ----------
    program
        What models say they are of.
    written
        Names of what a run writes beside its model.
    places
        Folders within the folder in which it writes, too.
    """

    program: ClassVar[str]
    written: ClassVar[re.Pattern[str]]
    places: ClassVar[tuple[str, ...]] = ()

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model, self.best = path / "model.safetensors", path / "best.safetensors"
        self.settings, self.table = path / "settings.conf", path / "losses.csv"

    def holds_run(self) -> bool:
        """Return whether there is a model, or the one before it."""
        return self.model.exists() or previous(self.model).exists()

    def check_free(self, *, overwrite: bool = False) -> None:
        """Refuse a folder that holds a run, unless it may be overwritten; never overwrite another program's.

        Raises
        ------
        InputError
            Saying how to go on with it, or begin anew.
        """
        if not self.holds_run():
            return
        with contextlib.suppress(SnapshotError):  # a damaged model may be overwritten
            self.load()
        if not overwrite:
            raise InputError(
                f"{self.path}: holds a run already: `{self.continued}` goes on with it, "
                "--overwrite begins anew, another --folder leaves it alone"
            )

    @property
    def continued(self) -> str:
        """The command that goes on with the run."""
        return f"continue --folder {self.path}"

    def clear(self) -> None:
        """Remove what an earlier run wrote, but for its model, which is kept as the previous one."""
        self.remove_unfinished()
        for folder in self._folders():
            for path in folder.glob("*") if folder.is_dir() else ():
                if self.written.fullmatch(path.name) and path.is_file():
                    path.unlink()

    def remove_unfinished(self) -> None:
        """Remove files that a killed process left half written."""
        for folder in self._folders():
            for pattern in (".*.partial", ".*.unfinished"):
                for path in folder.glob(pattern):
                    path.unlink(missing_ok=True)

    def load(self, *, best: bool = False) -> Snapshot:
        """Read the model as it was saved last, or the best one.

        Raises
        ------
        InputError
            When there is none, or it is another program's.
        SnapshotError
            When it cannot be read.
        """
        if not self.holds_run():
            raise InputError(
                f"{self.path}: holds no run (there is no {self.model.name} in it): "
                f"`python -m experiments {self.program} train` makes one; {self.elsewhere}"
            )
        if best and not self.best.exists():
            raise InputError(f"{self.best}: there is no best model yet: leave --best out")
        snapshot = load(self.best) if best else load_latest(self.model)
        if snapshot.metadata.get("program") != self.program:
            raise InputError(
                f"{snapshot.path}: holds a model of another program: give another --folder, it is left alone"
            )
        return snapshot

    @property
    def elsewhere(self) -> str:
        """How a user says where a run is."""
        return "--folder says where it is"

    def _folders(self) -> list[Path]:
        return [self.path, *(self.path / place for place in self.places)]
