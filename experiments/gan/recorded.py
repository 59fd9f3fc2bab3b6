"""What is recorded of a run; `workbench.records` keeps it."""

from __future__ import annotations

from dataclasses import asdict

from experiments.gan.run import Run
from networks.gan import GanTrainer
from nn.training.interrupts import INTERRUPTED
from workbench.records import Recorder
from workbench.records.run import DONE, STOPPED
from workbench.run.run_state import PAUSED


def record_epoch(recorder: Recorder, trainer: GanTrainer) -> None:
    """Record the row of the last epoch, scores included."""
    numbers = asdict(trainer.rows[-1])
    step, scores = numbers.pop("step"), numbers.pop("scores")
    recorder.statistics(step, {**numbers, **scores})


def record_results(recorder: Recorder, run: Run) -> None:
    """Record what came of a run: the best score, the last epoch's losses, and its files."""
    kept, trainer, folder = run.scores.kept, run.trainer, run.folder
    recorder.results({"best_mmd": kept.best, "best_epoch": kept.best_epoch})
    if trainer.rows:
        last = trainer.rows[-1]
        losses = {"discriminator_loss": last.discriminator_loss, "generator_loss": last.generator_loss}
        recorder.results({**last.scores, **losses})
    recorder.results({"epochs": trainer.epochs, "steps": trainer.step, "seconds": trainer.clock.seconds})
    sizes = {f"{side}_parameters": each.parameters.size for side, each in trainer.networks.items()}
    recorder.results(sizes)
    recorder.artefacts([folder.model, folder.best], "model")
    recorder.artefacts([folder.table, folder.plots, folder.samples, folder.arrays, folder.progress])


def ending(reason: str) -> tuple[str, str]:
    """Return the state of a run whose training ended, and why it did."""
    if reason in (INTERRUPTED, PAUSED):
        return STOPPED, reason
    return DONE, "" if reason == DONE else reason
