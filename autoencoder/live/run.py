"""The run of an autoencoder that can be watched and changed, with the images and models that it may take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autoencoder.live.catalogue import BUILT_IN, chosen, with_path
from autoencoder.live.page_file import make_page
from autoencoder.live.sessions import PLACES, Progress, open_session, renewed_session, rewound_session
from autoencoder.model_file import FILE_NAME, holds_model, load_snapshot
from autoencoder.recorded import record_results, recorded
from autoencoder.session import Session
from autoencoder.settings import TABLE
from nn import LossTable, Snapshot
from workbench.files import make_directory
from workbench.records.training import RecordedRows, ending
from workbench.run.run import Run
from workbench.run.run_directory import RunDirectory
from workbench.settings.table import Given

PAGE_NAME = "replay.html"
"""What the file of a run is called."""

SAVED = "model"
"""What the journal calls the snapshot that is the model itself."""


class LiveRun(Run):
    """A run with images and models to choose from; `open` makes one.

    Parameters
    ----------
    session, directory
        As for `workbench.run.watched.Watched`.
    inputs, models
        What may be chosen, by name; the built-in digits and what the session uses are added.
    records
        Where what is trained is recorded, as the option `--records` has it.
    """

    session: Session

    def __init__(
        self,
        session: Session,
        directory: RunDirectory,
        *,
        inputs: Mapping[str, Path] | None = None,
        models: Mapping[str, Path] | None = None,
        records: str | None = None,
    ) -> None:
        self._records = records
        self.inputs, self.models = dict(inputs or {}), dict(models or {})
        super().__init__(session, directory)

    def _take(self, session: Any, directory: RunDirectory) -> None:
        super()._take(session, directory)
        self._model, self.models = with_path(self.models, directory.directory)
        self._input = BUILT_IN
        if session.settings.input_directory is not None:
            self._input, self.inputs = with_path(self.inputs, session.settings.input_directory)

    def overview(self) -> dict[str, Any]:
        """Return what stays as it is until there is another session."""
        about = super().overview()
        about["data"]["input"] = self._input
        names = {"inputs": [BUILT_IN, *self.inputs], "models": list(self.models)}
        return {**about, **names, "input": self._input, "model": self._model}

    @classmethod
    def open(
        cls,
        given: Mapping[str, Given],
        *,
        overwrite: bool = False,
        inputs: Mapping[str, Path] | None = None,
        models: Mapping[str, Path] | None = None,
        records: str | None = None,
        progress: Progress | None = None,
    ) -> LiveRun:
        """Begin a run, or continue the model in the model directory unless it is to be overwritten.

        Parameters
        ----------
        given
            Settings by field.
        overwrite
            Whether to begin anew where there is a model.
        inputs, models, records
            As for the class.
        progress
            Called with the number of images read, and of all.

        Raises
        ------
        SettingsError, InputError, DataError, SnapshotError, OperationError, FolderLockedError
            When settings, data, the model or its directory cannot be used.
        """
        folder = run_directory(TABLE.make(given).model_directory)
        try:
            session = open_session(given, overwrite=overwrite, progress=progress)
            if overwrite or not holds_model(folder.directory):
                folder.begin(session)
            else:
                folder.catch_up(session)
                folder.take_up(session, SAVED)
            return cls(session, folder, inputs=inputs, models=models, records=records)
        except BaseException:
            folder.close()
            raise

    def _learn(self) -> None:
        directory = self.session.settings.output_directory
        make_directory(directory)
        table = directory / "losses.csv"
        with recorded(self.session, self._records, resumes=self.session.trainer.step > 0) as recorder:
            callbacks = [LossTable(table), RecordedRows(recorder), self._between]
            outcome = self.session.train_locked(callbacks)
            record_results(recorder, self.session, [table])
            recorder.finish(*ending(outcome))

    def _rewound(self, snapshot: Snapshot) -> Session:
        return rewound_session(self.session, snapshot, self.directory.directory)

    def _renewed(self, given: Mapping[str, str]) -> Session:
        return renewed_session(self.session, given)

    def choose_input(self, name: str) -> dict[str, Any]:
        """Start again with other images."""
        self._require_idle("choose an input")
        path = "" if name == BUILT_IN else str(chosen(self.inputs, name, "input"))
        return self._renew({"input_directory": path})

    def replay_page(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the run as one HTML file, `page`, uint8; see `autoencoder.live.page_file.make_page`."""
        self._require_idle("make a page of the run")
        return {"name": PAGE_NAME}, {"page": np.frombuffer(make_page(self.session), np.uint8)}

    def load_model(self, name: str) -> dict[str, Any]:
        """Continue the model in another of the model directories, or the one saved last."""
        self._require_idle("load a model")
        directory = chosen(self.models, name, "model")
        elsewhere = name != self._model
        folder = run_directory(directory) if elsewhere else self.directory
        try:
            session = rewound_session(self.session, load_snapshot(directory), directory)
            if elsewhere:
                self._leave()
                folder.catch_up(session)
            folder.take_up(session, SAVED)
        except BaseException:
            if elsewhere:
                folder.close()
            raise
        if elsewhere:
            self.directory.close()
        self._take(session, folder)
        return {"step": session.trainer.step}


def run_directory(directory: Path) -> RunDirectory:
    """Return the model directory of a run, locked; raises as `RunDirectory`."""
    return RunDirectory(directory, FILE_NAME, PLACES)
