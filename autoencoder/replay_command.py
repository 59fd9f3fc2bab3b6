"""The command `replay`."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from pathlib import Path

from autoencoder.journal_settings import journal_settings, refuse_clock
from autoencoder.model_file import holds_model, model_path
from autoencoder.recorded import record_results, recorded
from autoencoder.report import EpochLines, describe_run
from autoencoder.session import Session, start_session
from autoencoder.settings import TABLE, Settings
from nn import LossTable, ProgressBar
from workbench.errors import InputError
from workbench.exit_status import FAILED, STOPPED
from workbench.files import make_directory
from workbench.records.training import RecordedRows, ending
from workbench.run.journal import FILE_NAME, read_lineage
from workbench.run.lineage import Lineage
from workbench.run.replay import Replay
from workbench.settings.options import given_settings
from workbench.settings.table import Given
from workbench.terminal import reading, use_threads

OF_THE_RUN = ("model_directory", "output_directory", "threads")
"""Settings that are those of the command, given or default, and never those of the journal."""

OF_THE_JOURNAL = ("input_directory", "rung", "storage")
"""Settings that are those of the journal unless they are given."""


def replay(arguments: argparse.Namespace) -> int:
    """Repeat the training in a journal, compare, and print the result."""
    path = arguments.file or Settings.model_fields["model_directory"].default / FILE_NAME
    lineage = read_lineage(path)
    refuse_clock(lineage, path)
    session = _start(arguments, path, lineage)
    print(describe_run(session), flush=True)
    directory = session.settings.output_directory
    make_directory(directory)
    following = Replay(session, lineage)
    progress = ProgressBar() if sys.stderr.isatty() else EpochLines()
    with recorded(session, arguments.records, program="replay") as recorder:
        callbacks = [following, progress, LossTable(directory / "losses.csv"), RecordedRows(recorder)]
        outcome = session.train(callbacks)
        record_results(recorder, session)
        recorder.finish(*ending(outcome))
    return _report(session, following, path, lineage)


def _start(arguments: argparse.Namespace, path: Path, lineage: Lineage) -> Session:
    given = given_settings(arguments, TABLE)
    asked = TABLE.make(given)
    if holds_model(asked.model_directory) and not arguments.overwrite:
        raise InputError(
            f"{asked.model_directory}: holds a model already; --model-directory takes another place, "
            "--overwrite begins anew there"
        )
    texts = TABLE.texts(asked)
    chosen = {name: Given(texts[name], name) for name in OF_THE_RUN}
    chosen |= {name: given[name] for name in OF_THE_JOURNAL if name in given}
    settings = TABLE.make({**journal_settings(lineage, path), **chosen})
    use_threads(settings.threads)
    with reading() as progress:
        session = start_session(settings, progress)
    if session.fingerprint != lineage.begin.data:
        raise InputError(
            f"{path}:1: the run had other images ({lineage.begin.data}) than "
            f"{settings.input_directory or 'the built-in'} holds now ({session.fingerprint})"
        )
    return session


def _report(session: Session, following: Replay, path: Path, lineage: Lineage) -> int:
    trainer = session.trainer
    time = timedelta(seconds=round(trainer.clock.seconds))
    print(f"{'replayed':10} {trainer.shuffle.epochs:.4g} epochs, {trainer.step:,} steps, {time}")
    print(f"{'model':10} {model_path(session.settings.model_directory)}")
    print(f"{'compared':10} {following.compared} checksums of {path} are the same")
    if following.done:
        return 0
    if following.difference:
        print(f"{'differs':10} {following.difference}")
        return FAILED
    if trainer.share_done >= 1:
        print(f"{'differs':10} training ended at step {trainer.step:,}, in the journal at {lineage.step:,}")
        return FAILED
    return STOPPED
