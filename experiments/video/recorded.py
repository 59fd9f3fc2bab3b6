"""What is recorded of a run; `workbench.records` keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.video.folder import PROGRAM
from experiments.video.reports import COUNTS, Reports
from experiments.video.run import Run
from experiments.video.scores import NETWORK
from nn import Callback, Trainer
from workbench.records import About, Recorder


class RecordedReports(Callback):
    """Records the reports as they come.

    Parameters
    ----------
    recorder
        Of the run.
    reports
        Of the run; called before this.
    """

    def __init__(self, recorder: Recorder, reports: Reports) -> None:
        self._recorder, self._reports = recorder, reports

    def __deepcopy__(self, memo: dict[int, Any]) -> RecordedReports:
        """Return one that records nothing: a copy of a training is another run."""
        return RecordedReports(Recorder(About(PROGRAM), None), self._reports)

    def on_epoch(self, trainer: Trainer) -> None:
        """Record the last report."""
        self._record()

    def on_end(self, trainer: Trainer) -> None:
        """Record that of where training stopped."""
        self._record()

    def _record(self) -> None:
        if self._reports.rows:
            row = self._reports.rows[-1]
            numbers = {name: value for name, value in row.items() if name not in COUNTS}
            self._recorder.statistics(int(row["step"] or 0), numbers)


def record_results(recorder: Recorder, run: Run) -> None:
    """Record what came of a run: the last report, the lowest validation loss, and its files."""
    rows, folder = run.reports.rows, run.folder
    losses = [row["validation_loss"] for row in rows]
    known = [loss for loss in losses if loss is not None]
    last = rows[-1] if rows else {}
    own = {name: value for name, value in last.items() if name.startswith("validation_")}
    recorder.results(
        {
            **own,
            "lowest_validation_loss": min(known, default=None),
            "steps": run.trainer.step,
            "seconds": run.trainer.clock.seconds,
            "parameters": run.network.parameters.size,
        }
    )
    recorder.artefacts([folder.model, folder.best], "model")
    animation = folder.animation.with_name("animation.gif")
    recorder.artefacts([folder.table, folder.by_minutes, folder.by_steps, folder.frames, animation])


def record_evaluation(recorder: Recorder, report: Mapping[str, Any]) -> None:
    """Record the errors of the network on the clips to test on."""
    for head, rows in report["errors"].items():
        for name, value in rows[NETWORK].items():
            if name.endswith("_per_frame"):
                recorder.results({f"test_{head}_{name}": value})
