"""The commands `train` and `continue`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from experiments.idle_settings import refuse_idle
from experiments.recorded_run import recorded
from experiments.video.data import are_digits
from experiments.video.effects import idle_settings
from experiments.video.folder import RunFolder, named_folder
from experiments.video.progress import BarOrLines
from experiments.video.recorded import RecordedReports, record_results
from experiments.video.run import Run, resumed_settings
from experiments.video.scores import COPY, ERRORS, FLOOR, MEAN, UNITS
from experiments.video.settings import TABLE, blueprint_of
from experiments.watch_option import AskedPage, page_asked_for
from nn import Callback, Outcome, TrainingDiverged
from nn.training.interrupts import INTERRUPTED
from nn.training.lock import FolderLock
from workbench.exit_status import FAILED, STOPPED
from workbench.files import make_directory
from workbench.records import Recorder
from workbench.records.training import ending
from workbench.run.run_state import DONE, PAUSED
from workbench.settings.options import given_settings
from workbench.terminal import use_threads


def train(arguments: argparse.Namespace) -> int:
    """Begin a run and train it."""
    given = given_settings(arguments, TABLE)
    settings = TABLE.make(given)
    refuse_idle(settings, given, idle_settings(settings, digits=are_digits(settings)))
    blueprint_of(settings)
    folder = RunFolder(settings.run_folder)
    folder.check_free(overwrite=arguments.overwrite)
    with page_asked_for(arguments) as page:
        use_threads(settings.threads)
        run = Run.start(settings)
        make_directory(folder.path)
        with FolderLock(folder.path):
            folder.check_free(overwrite=arguments.overwrite)
            folder.clear()
            return _train(run, page, arguments.records, resumes=False)


def go_on(arguments: argparse.Namespace) -> int:
    """Go on with a run, exactly where it was saved last."""
    given: Any = given_settings(arguments, TABLE)
    folder = named_folder(arguments.file, TABLE.make(given).folder)
    folder.load()
    with page_asked_for(arguments) as page, FolderLock(folder.path):
        folder.remove_unfinished()
        snapshot = folder.load()
        settings = resumed_settings(given, snapshot).model_copy(update={"folder": folder.path})
        use_threads(settings.threads)
        return _train(Run.resume(settings, snapshot), page, arguments.records, resumes=True)


class Training:
    """Trains a run to its limits, in one stretch or several, and says what came of it, once.

    Parameters
    ----------
    run
        What is trained.
    recorder
        Of the run.

    Attributes
    ----------
    page_stays
        Whether a page that shows it stays when it has ended.
    """

    def __init__(self, run: Run, recorder: Recorder) -> None:
        self.run, self._recorder = run, recorder
        self._bar = BarOrLines(run.reports, run.network.blueprint)
        self._watchers = [self._bar, RecordedReports(recorder, run.reports)]
        self.page_stays = True
        self._status: int | None = None

    def train(self, more: Sequence[Callback] = ()) -> str:
        """Train and save; return why it ended.

        Parameters
        ----------
        more
            Called during training, too.

        Raises
        ------
        TrainingDiverged
            When it did, once that is said.
        """
        try:
            return self.run.train([*self._watchers, *more]).reason or DONE
        except TrainingDiverged as error:
            self._say_why(error)
            raise

    def train_for_page(self, more: Sequence[Callback]) -> str:
        """Train as `train` does, and say what came of it unless somebody on the page stopped it."""
        reason = self.train(more)
        if reason == PAUSED and self.run.trainer.share_done >= 1:
            self.run.finish()
            reason = DONE  # it was stopped in its last step
        if reason != PAUSED:
            self.finish(reason)
        if self.page_stays and reason not in (PAUSED, INTERRUPTED):
            print(f"{'page':14} stays until Ctrl-C", flush=True)
        return reason

    def step_for_page(self, more: Sequence[Callback]) -> str:
        """Train for a step; where that was the last one, do what `train_for_page` does at the end."""
        try:
            self.run.step([*self._watchers, *more])
        except TrainingDiverged as error:
            self._say_why(error)
            raise
        return PAUSED if self.run.trainer.share_done < 1 else self.train_for_page(more)

    def finish(self, reason: str) -> int:
        """Say where the results are, and return the exit status."""
        if self._status is None:
            self._bar.close()
            if reason == PAUSED:
                self.run.finish()
            record_results(self._recorder, self.run)
            self._recorder.finish(*ending(Outcome(reason != DONE, None, reason)))
            self._status = _report(self.run, reason, self._recorder.where)
        return self._status

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()

    def _say_why(self, error: TrainingDiverged) -> None:
        self.close()
        self._recorder.fail(error)
        kept = self.run.folder.model
        print(f"{error}. The last snapshot is untouched: {kept}", file=sys.stderr, flush=True)


def _train(run: Run, page: AskedPage | None, records: str | None, *, resumes: bool) -> int:
    print(_describe(run), flush=True)
    run.write_description()
    with recorded(run, records, resumes=resumes) as recorder:
        training = Training(run, recorder)
        try:
            reason = training.train() if page is None else _show(training, page)
        except TrainingDiverged:
            return FAILED
        finally:
            training.close()
        return training.finish(reason)


def _show(training: Training, page: AskedPage) -> str:
    """Train while a page shows it; return why that ended."""
    from experiments.video.page import watched_training  # noqa: PLC0415 - only a page needs it
    from workbench.watching import show_training  # noqa: PLC0415 - only a page needs it

    watched = watched_training(training.run, training.train_for_page, training.step_for_page)
    training.page_stays = page.stays
    return show_training(watched, page.connection, page.stays)


def _describe(run: Run) -> str:
    blueprint, network = run.network.blueprint, run.network
    what = {"own": "their own output", "true": "the true frame", "zeros": "zeros"}[blueprint.inputs]
    lines = {
        "data": run.data.about,
        "clips": f"{blueprint.steps_in} frames of {blueprint.frame} to read"
        + (f", {blueprint.steps_out} to predict" if blueprint.needs_future else ""),
        "network": f"{blueprint.kind}, {blueprint.layers} x {blueprint.units} units, {blueprint.task}, heads "
        f"read {what}; {network.parameters.size:,} parameters",
        "frames": f"{blueprint.value_range}, last activation {blueprint.last}, loss {blueprint.loss}",
        "folder": str(run.folder.path),
    }
    lines |= {f"{head}": _references(run, head) for head in blueprint.heads}
    return "\n".join(f"{name:14} {text}" for name, text in lines.items())


def _references(run: Run, head: str) -> str:
    """Say what is reached without a network."""
    found = run.references[head]
    rows = [
        f"{row} {found[row]['mse']:.1f} squared error and {found[row]['nats']:.1f} nats"
        for row in (COPY, MEAN)
    ]
    return f"per frame: {'; '.join(rows)}; {FLOOR} {found[FLOOR]['nats']:.1f} nats"


def _report(run: Run, reason: str, record: str) -> int:
    trainer, folder = run.trainer, run.folder
    time = timedelta(seconds=round(trainer.clock.seconds))
    print(f"{'trained':14} {trainer.step:,} steps, {trainer.step * trainer.batch_size:,} clips, {time}")
    if reason not in (DONE, INTERRUPTED, PAUSED):
        print(f"{'ended':14} {reason}")
    last = run.reports.rows[-1] if run.reports.rows else None
    for head in run.network.blueprint.heads if last else ():
        values = [(last[f"validation_{head}_{error}_per_frame"], UNITS[error]) for error in ERRORS]  # type: ignore[index]
        texts = [f"{value:.1f} {unit}" for value, unit in values if value is not None]
        print(f"{head:14} {', '.join(texts)} per frame, validation")
    print(f"{'model':14} {folder.model}")
    results = (folder.table, folder.by_minutes, folder.by_steps, folder.frames)
    for path in (*results, folder.animation.with_name("animation.gif")):
        if path.exists():
            print(f"{'result':14} {path}")
    if record:
        print(f"{'record':14} {record}")
    if reason in (INTERRUPTED, PAUSED):
        print(f"go on with: {folder.continued}")
        return STOPPED
    return 0
