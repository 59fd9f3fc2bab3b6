"""The record of a run in a folder, as the programs of experiments have it; `workbench.records` keeps it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from experiments.run_folder import RunFolderBase
from workbench.records import About, Recorder, recording


class Recorded(Protocol):
    """A run, as far as its record is concerned."""

    settings: Any
    trainer: Any

    @property
    def folder(self) -> RunFolderBase:
        """Where it is."""

    @property
    def data(self) -> Any:
        """What it learns from; has a `fingerprint`."""


def recorded(run: Recorded, records: str | None, *, resumes: bool) -> AbstractContextManager[Recorder]:
    """Return a block in which a run is recorded.

    Parameters
    ----------
    run
        Before it is trained.
    records
        As the option `--records` has it.
    resumes
        Whether it goes on in its folder, and so with its record.
    """
    settings, folder = run.settings.model_dump(), run.folder
    about = About(folder.program, settings, folder.path, run.settings.seed, run.data.fingerprint)
    return recording(about, records, run.trainer.step if resumes else None)
