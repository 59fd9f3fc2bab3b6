"""The commands `train` and `continue`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import numpy as np

from experiments.gan.data import are_series
from experiments.gan.effects import check_effects
from experiments.gan.folder import RunFolder
from experiments.gan.form import Form
from experiments.gan.pictures import draw_shown, progress_frames, write_gif
from experiments.gan.progress import BarOrLines
from experiments.gan.recorded import ending, record_epoch, record_results
from experiments.gan.run import Run, resumed_settings
from experiments.gan.sampling import generate, make_shown
from experiments.gan.settings import TABLE
from experiments.gan.watchers import Watchers
from experiments.recorded_run import recorded
from experiments.watch_option import AskedPage, page_asked_for
from networks.gan.round import GanDiverged
from networks.gan.trainer import Watcher
from nn.render.canvas import save
from nn.training.interrupts import INTERRUPTED
from nn.training.limits import Limits
from nn.training.lock import FolderLock
from workbench.exit_status import FAILED, STOPPED
from workbench.files import make_directory, replacing, write_text
from workbench.records import Recorder
from workbench.run.run_state import PAUSED
from workbench.settings.configuration_file import write_configuration
from workbench.settings.options import given_settings
from workbench.terminal import reading, use_threads

SAMPLES = 512
"""Entries in `samples.npz`."""


def train(arguments: argparse.Namespace) -> int:
    """Begin a run and train it."""
    given = given_settings(arguments, TABLE)
    settings = TABLE.make(given)
    check_effects(settings, given, series=are_series(settings))
    folder = RunFolder(settings.folder)
    folder.check_free(overwrite=arguments.overwrite)
    with page_asked_for(arguments) as page:
        use_threads(settings.threads)
        with reading("reading entries") as progress:
            run = Run.start(settings, progress)
        make_directory(folder.path)
        with FolderLock(folder.path):
            folder.check_free(overwrite=arguments.overwrite)
            folder.clear()
            run.save()
            with recorded(run, arguments.records, resumes=False) as recorder:
                return _train(run, page, recorder)


def go_on(arguments: argparse.Namespace) -> int:
    """Go on with a run, exactly where it was saved last."""
    given = given_settings(arguments, TABLE)
    folder = RunFolder(TABLE.make(given).folder)
    folder.load()
    with page_asked_for(arguments) as page, FolderLock(folder.path):
        folder.remove_unfinished()
        snapshot = folder.load()
        settings = resumed_settings(given, snapshot).model_copy(update={"folder": folder.path})
        use_threads(settings.threads)
        with reading("reading entries") as progress:
            run = Run.resume(settings, snapshot, progress)
        with recorded(run, arguments.records, resumes=True) as recorder:
            return _train(run, page, recorder)


class Training:
    """Trains a run to its limits, in one stretch or several, and then writes what came of it, once.

    Parameters
    ----------
    run
        What is trained.
    recorder
        Of the run.

    Attributes
    ----------
    limits
        Where it ends.
    page_stays
        Whether a page that shows it stays when it has ended.
    """

    def __init__(self, run: Run, recorder: Recorder) -> None:
        self._recorder = recorder
        self.run, self.limits = run, Limits(run.settings.epoch_limit, run.settings.minutes)
        self._watchers, self._bar = Watchers(run), BarOrLines(self.limits, run.trainer)
        self.page_stays = True
        self._status: int | None = None

    def train(self, more: Sequence[Watcher] = ()) -> str:
        """Train and save; return why it ended.

        Parameters
        ----------
        more
            Called after every round, too.

        Raises
        ------
        GanDiverged
            When it did, once that is said.
        """
        watchers, bar = self._watchers, self._bar
        try:
            reason = self.run.trainer.train(
                **self.limits._asdict(),
                on_step=[watchers.on_step, bar.on_step, *more],
                on_epoch=[watchers.on_epoch, bar.on_epoch, partial(record_epoch, self._recorder)],
            )
        except GanDiverged as error:
            self.close()
            self._recorder.fail(error)
            kept = self.run.folder.model
            print(f"{error}. The last snapshot is untouched: {kept}", file=sys.stderr, flush=True)
            raise
        self.run.save()
        return reason

    def train_for_page(self, more: Sequence[Watcher]) -> str:
        """Train as `train` does, and write the results unless somebody on the page stopped it."""
        reason, trainer = self.train(more), self.run.trainer
        if reason == PAUSED and self.limits.share_done(trainer.epochs, trainer.clock.seconds) >= 1:
            reason = "done"  # it was stopped in its last round
        if reason != PAUSED:
            self.finish(reason)
        if self.page_stays and reason not in (PAUSED, INTERRUPTED):
            print(f"{'page':10} stays until Ctrl-C", flush=True)
        return reason

    def finish(self, reason: str) -> int:
        """Write results, say where they are, and return the exit status."""
        if self._status is None:
            self.close()
            _write_results(self.run, self._watchers)
            record_results(self._recorder, self.run)
            self._recorder.finish(*ending(reason))
            self._status = _report(self.run, reason, self._recorder.where)
        return self._status

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()


def _train(run: Run, page: AskedPage | None, recorder: Recorder) -> int:
    print(_describe(run), flush=True)
    write_text(run.folder.settings, write_configuration(run.settings, TABLE))
    training = Training(run, recorder)
    try:
        reason = training.train() if page is None else _show(training, page)
    except GanDiverged:
        return FAILED
    finally:
        training.close()
    return training.finish(reason)


def _show(training: Training, page: AskedPage) -> str:
    """Train while a page shows it; return why that ended."""
    from experiments.gan.page import watched_gan  # noqa: PLC0415 - only a page needs it
    from workbench.watching_gan import show_gan  # noqa: PLC0415 - only a page needs it

    training.page_stays = page.stays
    watched = watched_gan(training.run, training.limits, training.train_for_page)
    return show_gan(watched, page.connection, page.stays)


def _write_results(run: Run, watchers: Watchers) -> None:
    folder, form, rows = run.folder, run.data.form, run.trainer.rows
    if rows:
        watchers.write_table()
        watchers.draw()
        write_gif(folder.progress, progress_frames(folder.pictures))
    made = make_shown(run.gan, run.shown)
    title = f"epochs: {run.trainer.epochs:.4g}"
    save(draw_shown(form, made, run.shown, title), folder.samples)
    generator = np.random.default_rng([run.settings.seed, 4])
    entries = generate(run.gan, form, SAMPLES, generator, pool=run.data.test)
    with replacing(folder.arrays) as file:
        np.savez(file, **form.to_arrays(entries.values, entries.labels, entries.masks))  # type: ignore[arg-type]


def _describe(run: Run) -> str:
    data, form, blueprint = run.data, run.data.form, run.gan.blueprint
    classes = f", {len(form.classes)} classes" if form.classes else ""
    parts = {"train on": data.training, "score by": data.validation, "test on": data.test}
    counts = ", ".join(f"{len(part):,} to {name}" for name, part in parts.items())
    sizes = [f"{network.parameters.size:,}" for network in run.trainer.networks.values()]
    lines = {
        "data": f"{run.settings.data}: {counts}; {_shape(form)}{classes}",
        "networks": f"{blueprint.architecture} and {blueprint.judge}, conditioning {blueprint.conditioning}; "
        f"{sizes[0]} and {sizes[1]} parameters",
        "folder": str(run.folder.path),
    }
    return "\n".join(f"{name:10} {text}" for name, text in lines.items())


def _shape(form: Form) -> str:
    shape = str(form.shape) if form.are_images else f"{form.shape[0]} steps of {form.shape[1]} variables"
    return shape if form.components is None else f"{shape} as {len(form.components)} components"


def _report(run: Run, reason: str, record: str) -> int:
    trainer, folder, kept = run.trainer, run.folder, run.scores.kept
    time = timedelta(seconds=round(trainer.clock.seconds))
    print(f"{'trained':10} {trainer.epochs:.4g} epochs, {trainer.step:,} rounds, {time}")
    if reason not in ("done", INTERRUPTED, PAUSED):
        print(f"{'ended':10} {reason}")
    if kept.best is not None:
        print(f"{'best':10} epoch {kept.best_epoch:g}, MMD² {kept.best:.5f}: {folder.best}")
    print(f"{'model':10} {folder.model}")
    for path in (folder.samples, folder.progress, folder.plots, folder.arrays):
        if path.exists():
            print(f"{'result':10} {path}")
    if record:
        print(f"{'record':10} {record}")
    if reason in (INTERRUPTED, PAUSED):
        print(f"go on with: python -m experiments gan continue --folder {folder.path}")
        return STOPPED
    return 0
