"""Opening the run that an order asks for."""

from __future__ import annotations

from autoencoder.errors import InputError
from autoencoder.live.catalogue import by_name
from autoencoder.live.inspector import Inspector
from autoencoder.live.messages import Header
from autoencoder.live.order import Order
from autoencoder.live.run import LiveRun
from autoencoder.model_file import model_path
from autoencoder.report import describe_run
from autoencoder.terminal import reading
from nn.snapshot import SnapshotError
from nn.written import one_line


def open_run(order: Order) -> tuple[LiveRun, Inspector, Header]:
    """Return the run, who looks into it, and what there is to say about it at the start.

    Raises
    ------
    InputError
        When there is a model that cannot be gone on with.
    SettingsError, InputError, DataError, OperationError, FolderLockedError
        As `LiveRun.open`.
    """
    try:
        with reading() as progress:
            run = LiveRun.open(
                order.given,
                overwrite=order.overwrite,
                inputs=by_name(order.inputs),
                models=by_name(order.models),
                progress=progress,
            )
    except SnapshotError as error:
        raise InputError(str(error)) from error
    about = {"status": run.status(), "overview": run.overview(), "about": describe_run(run.session)}
    return run, Inspector(run), about


def where_saved(run: LiveRun) -> Header:
    """Return how far a run is and where its model is; None where nothing was saved yet."""
    path = model_path(run.home.directory)
    trainer = run.session.trainer
    return {
        "step": trainer.step,
        "epochs": trainer.shuffle.epochs,
        "seconds": trainer.clock.seconds,
        "model": str(path) if path.is_file() else None,
        "directory": one_line(str(run.home.directory)),
    }
