"""What happens beside training: scores, samples, plots, the table, and snapshots."""

from __future__ import annotations

import time

from experiments.gan.pictures import draw_shown
from experiments.gan.plots import draw_plots, to_csv
from experiments.gan.run import Run
from experiments.gan.sampling import make_shown
from networks.gan import GanTrainer
from nn.render.canvas import save
from nn.training.table import replace_table

PATIENCE = "no better validation score in {} scores: the best is of epoch {:g}"


class Watchers:
    """Watches a run; `on_step` and `on_epoch` go to its trainer.

    A snapshot is taken between rounds, never between a round that ends an epoch and the score of that epoch:
    so a run that goes on from it has the same history.

    Parameters
    ----------
    run
        What is watched.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._saved_at = time.monotonic()
        self._drawn_at: float | None = None

    def on_step(self, trainer: GanTrainer) -> None:
        """Save when it is time, unless the epoch's score is still to come."""
        if not (trainer.rows and trainer.rows[-1].step == trainer.step):
            self._save_in_time()

    def on_epoch(self, trainer: GanTrainer) -> None:
        """Score, write, draw and save."""
        self._score(trainer)
        self.write_table()
        every = self._run.settings.every
        if every is None or self._drawn_at is None or trainer.clock.seconds - self._drawn_at >= 60 * every:
            self._drawn_at = trainer.clock.seconds
            self.draw()
        self._save_in_time()

    def write_table(self) -> None:
        """Write the table of losses, of the whole history."""
        replace_table(self._run.folder.table, to_csv(self._run.trainer.rows), "losses")

    def draw(self) -> None:
        """Draw the samples of the last epoch, and the plots of all."""
        run, rows = self._run, self._run.trainer.rows
        epoch = round(rows[-1].epoch)
        made = make_shown(run.gan, run.shown)
        run.folder.pictures.mkdir(exist_ok=True)
        save(draw_shown(run.data.form, made, run.shown, f"epoch {epoch}"), run.folder.picture(epoch))
        save(draw_plots(rows, "Training of both sides"), run.folder.plots)

    def _score(self, trainer: GanTrainer) -> None:
        run, row = self._run, trainer.rows[-1]
        if round(row.epoch) % run.settings.score_every:
            return
        row.scores["mmd"] = score = run.scores.measure(run.gan, round(row.epoch))
        if run.scores.note(score, row.epoch):
            run.save(run.folder.best)
        kept, patience = run.scores.kept, run.settings.patience
        if patience is not None and kept.since_best >= patience and kept.best_epoch is not None:
            run.scores.kept = kept.model_copy(update={"patience_ended": True})
            trainer.stop(PATIENCE.format(kept.since_best, kept.best_epoch))

    def _save_in_time(self) -> None:
        if time.monotonic() - self._saved_at >= self._run.settings.snapshot_interval:
            self._run.save()
            self._saved_at = time.monotonic()
