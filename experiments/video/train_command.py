"""The commands `train` and `continue`."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from typing import Any

from experiments.idle_settings import refuse_idle
from experiments.video.data import are_digits
from experiments.video.effects import idle_settings
from experiments.video.folder import RunFolder, named_folder
from experiments.video.progress import BarOrLines
from experiments.video.recorded import RecordedReports, record_results, recorded
from experiments.video.run import Run, resumed_settings
from experiments.video.scores import COPY, ERRORS, FLOOR, MEAN
from experiments.video.settings import TABLE, blueprint_of
from nn import TrainingDiverged
from nn.training.interrupts import INTERRUPTED
from nn.training.lock import FolderLock
from workbench.exit_status import FAILED, STOPPED
from workbench.files import make_directory
from workbench.records.training import ending
from workbench.settings.options import given_settings
from workbench.terminal import use_threads

UNITS = {"mse": "squared error", "nats": "nats"}


def train(arguments: argparse.Namespace) -> int:
    """Begin a run and train it."""
    given = given_settings(arguments, TABLE)
    settings = TABLE.make(given)
    refuse_idle(settings, given, idle_settings(settings, digits=are_digits(settings)))
    blueprint_of(settings)
    folder = RunFolder(settings.run_folder)
    folder.check_free(overwrite=arguments.overwrite)
    use_threads(settings.threads)
    run = Run.start(settings)
    make_directory(folder.path)
    with FolderLock(folder.path):
        folder.check_free(overwrite=arguments.overwrite)
        folder.clear()
        return _train(run, arguments, resumes=False)


def go_on(arguments: argparse.Namespace) -> int:
    """Go on with a run, exactly where it was saved last."""
    given: Any = given_settings(arguments, TABLE)
    folder = named_folder(arguments.file, TABLE.make(given).folder)
    folder.load()
    with FolderLock(folder.path):
        folder.remove_unfinished()
        snapshot = folder.load()
        settings = resumed_settings(given, snapshot).model_copy(update={"folder": folder.path})
        use_threads(settings.threads)
        return _train(Run.resume(settings, snapshot), arguments, resumes=True)


def _train(run: Run, arguments: argparse.Namespace, *, resumes: bool) -> int:
    print(_describe(run), flush=True)
    run.write_description()
    with recorded(run, arguments.records, resumes=resumes) as recorder:
        watchers = [BarOrLines(run.reports, run.network.blueprint), RecordedReports(recorder, run.reports)]
        try:
            outcome = run.train(watchers)
        except TrainingDiverged as error:
            recorder.fail(error)
            kept = run.folder.model
            print(f"{error}. The last snapshot is untouched: {kept}", file=sys.stderr, flush=True)
            return FAILED
        record_results(recorder, run)
        recorder.finish(*ending(outcome))
    return _report(run, outcome.reason, recorder.where)


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
    if reason not in ("", "done", INTERRUPTED):
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
    if reason == INTERRUPTED:
        print(f"go on with: {folder.continued}")
        return STOPPED
    return 0
