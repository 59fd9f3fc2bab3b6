"""Arguments of the training process: which run it opens, and what may be chosen there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from autoencoder.live.operations import OPERATIONS
from workbench.errors import InputError
from workbench.run.operations import Opened, Operation
from workbench.settings.table import Given


@dataclass(frozen=True)
class Launch:
    """What to train, and what may be chosen from.

    Attributes
    ----------
    given
        Settings as they were written, by field.
    overwrite
        Whether an existing model is replaced; otherwise it is continued.
    inputs, models
        Folders and files of images, and model directories, beside those of the run itself.
    records
        Where what is trained is recorded, as the option `--records` has it.
    """

    given: Mapping[str, Given] = field(default_factory=dict)
    overwrite: bool = False
    inputs: tuple[Path, ...] = ()
    models: tuple[Path, ...] = ()
    records: str | None = None

    operations: ClassVar[Mapping[str, Operation]] = OPERATIONS
    """What can be asked of the run."""

    def open(self) -> Opened:
        """Return the run, its inspector, and the messages at the start.

        Raises
        ------
        InputError
            When there is a model that cannot be continued.
        SettingsError, InputError, DataError, OperationError, FolderLockedError
            As `LiveRun.open`.
        """
        # The process that serves the page names this module, and has no use for what computes.
        from autoencoder.live.catalogue import by_name  # noqa: PLC0415
        from autoencoder.live.inspector import CodeInspector  # noqa: PLC0415
        from autoencoder.live.run import LiveRun  # noqa: PLC0415
        from autoencoder.report import describe_run  # noqa: PLC0415
        from nn import SnapshotError  # noqa: PLC0415
        from workbench.terminal import reading  # noqa: PLC0415

        try:
            with reading() as progress:
                run = LiveRun.open(
                    self.given,
                    overwrite=self.overwrite,
                    inputs=by_name(self.inputs),
                    models=by_name(self.models),
                    records=self.records,
                    progress=progress,
                )
        except SnapshotError as error:
            raise InputError(str(error)) from error
        return Opened(run, CodeInspector(run), describe_run(run.session), OPERATIONS)
