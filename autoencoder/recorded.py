"""What is recorded of a session; `workbench.records` keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from autoencoder.model_file import model_path
from autoencoder.session import Session
from workbench.records import About, Recorder, recording

PROGRAM = "autoencoder"


def recorded(
    session: Session,
    records: str | None,
    *,
    program: str = PROGRAM,
    resumes: bool = False,
    temporary: bool = False,
) -> AbstractContextManager[Recorder]:
    """Return a block in which a session is recorded.

    Parameters
    ----------
    session
        Before it is trained.
    records
        As the option `--records` has it.
    program
        What the run is called.
    resumes
        Whether the session goes on in its model directory, and so with its record.
    temporary
        Whether its directory will be removed.
    """
    settings = session.settings
    folder = None if temporary else settings.model_directory
    about = About(program, settings.model_dump(), folder, settings.seed, session.fingerprint)
    return recording(about, records, session.trainer.step if resumes else None)


def record_results(recorder: Recorder, session: Session, results: Iterable[Path] = ()) -> None:
    """Record what came of a session: the comparison with principal components, and its files."""
    comparison = session.comparison
    recorder.results(
        {"parameters": session.network.parameters.size, "kept_epoch": session.trainer.restored_epoch}
    )
    if comparison is not None:
        recorder.results(
            {"network_error": comparison.network_error, "components_error": comparison.components_error}
        )
    recorder.artefacts([model_path(session.settings.model_directory)], "model")
    recorder.artefacts(results)
