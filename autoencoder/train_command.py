"""The command `train`."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from pathlib import Path

from autoencoder.model_file import holds_model, load_snapshot, model_path
from autoencoder.recorded import record_results, recorded
from autoencoder.report import EpochLines, describe_run
from autoencoder.session import Session, resume_session, resumed_settings, start_session
from autoencoder.settings import TABLE
from nn import LossTable, ProgressBar, SnapshotError
from workbench.errors import InputError
from workbench.exit_status import STOPPED
from workbench.files import make_directory
from workbench.records.training import RecordedRows, ending
from workbench.settings.options import given_settings
from workbench.terminal import reading, use_threads


def train(arguments: argparse.Namespace) -> int:
    """Train a model, write results, and say where everything is."""
    if arguments.resume and arguments.overwrite:
        raise InputError("--resume and --overwrite exclude each other: go on with the model, or begin anew")
    session = _resume(arguments) if arguments.resume else _start(arguments)
    print(describe_run(session), flush=True)
    directory = session.settings.output_directory
    make_directory(directory)
    progress = ProgressBar() if sys.stderr.isatty() else EpochLines()
    with recorded(session, arguments.records, resumes=arguments.resume) as recorder:
        outcome = session.train([progress, LossTable(directory / "losses.csv"), RecordedRows(recorder)])
        _report(session, outcome.stopped)
        paths = _write_results(session)
        record_results(recorder, session, paths)
        recorder.finish(*ending(outcome))
    for path in paths:
        print(f"{'result':10} {path}")
    if recorder.where:
        print(f"{'record':10} {recorder.where}")
    if outcome.stopped:
        print(f"go on with: autoencoder train --resume --model-directory {session.settings.model_directory}")
    return STOPPED if outcome.stopped else 0


def _write_results(session: Session) -> list[Path]:
    from autoencoder import results  # noqa: PLC0415 - matplotlib: not before the first step

    trainer, settings = session.trainer, session.settings
    paths = results.write_losses(trainer.rows, trainer.log, settings, len(session.training))
    images = session.held_out if len(session.held_out) else session.training
    return paths + results.write_pictures(session.model, images, settings.output_directory)


def _report(session: Session, stopped: bool) -> None:
    trainer = session.trainer
    time = timedelta(seconds=round(trainer.clock.seconds))
    word = "stopped" if stopped else "trained"
    print(f"{word:10} {trainer.shuffle.epochs:.4g} epochs, {trainer.step:,} steps, {time}")
    if session.settings.keep == "best" and trainer.held_out is not None:
        print(f"{'kept':10} {_kept(session)}")
    if session.comparison is not None:
        print(f"{'compared':10} {session.comparison}")
    print(f"{'model':10} {model_path(session.settings.model_directory)}")


def _kept(session: Session) -> str:
    row = session.trainer.restored
    return "the start" if row is None else f"epoch {row.epoch:.4g}, held-out {row.held_out_loss:.6f}"


def _start(arguments: argparse.Namespace) -> Session:
    settings = TABLE.make(given_settings(arguments, TABLE))
    if holds_model(settings.model_directory) and not arguments.overwrite:
        raise InputError(
            f"{settings.model_directory}: holds a model already; --resume goes on with it, --overwrite "
            "begins anew, --model-directory takes another place"
        )
    use_threads(settings.threads)
    with reading() as progress:
        return start_session(settings, progress)


def _resume(arguments: argparse.Namespace) -> Session:
    given = given_settings(arguments, TABLE)
    try:
        snapshot = load_snapshot(TABLE.make(given).model_directory)
        settings = resumed_settings(given, snapshot)
        use_threads(settings.threads)
        with reading() as progress:
            return resume_session(settings, snapshot, progress)
    except SnapshotError as error:
        raise InputError(str(error)) from error
