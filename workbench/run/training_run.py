"""The run of a program's own training of one network: watched, stopped and continued, and not changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numba

from nn import Callback, Trainer
from nn.training.limits import Limits
from nn.training.memory import estimate
from nn.training.trainable import forget_batch
from workbench.run.program_run import ProgramRun, describe_program
from workbench.run.status_report import describe_layers, describe_network
from workbench.run.trainer_session import TrainerSession


class ProgramChart(NamedTuple):
    """A chart of the page.

    Attributes
    ----------
    key, title
        What it is called by the page, and by people.
    lines
        Returns its lines; see `workbench.run.program_run.chart_line`.
    """

    key: str
    title: str
    lines: Callable[[], list[dict[str, Any]]]


class Reading(NamedTuple):
    """A number in the header of the page.

    Attributes
    ----------
    name
        For people.
    field
        In the status.
    value
        Returns it; None where it is not known yet.
    """

    name: str
    field: str
    value: Callable[[], float | None]


@dataclass(frozen=True, eq=False)
class WatchedTraining:
    """What a program gives to be watched.

    Attributes
    ----------
    trainer
        Of the network.
    limits
        Where training ends.
    train, step
        Train to the limits, or for a step, and return why that ended: `workbench.run.run_state.PAUSED` where
        it goes on later. They are given callbacks of steps.
    charts, readings
        What is shown of the training.
    training, held_out
        Examples to learn from, None where there is no end of them, and to measure on.
    architecture
        Of the network, in words; by default the families of its layers.
    machine
        `seed` and `rung`, where they are known.
    """

    trainer: Trainer
    limits: Limits
    train: Callable[[Sequence[Callback]], str]
    step: Callable[[Sequence[Callback]], str]
    charts: Sequence[ProgramChart] = ()
    readings: Sequence[Reading] = ()
    training: int | None = None
    held_out: int = 0
    architecture: str = ""
    machine: Mapping[str, Any] = field(default_factory=dict)


class TrainingRun(ProgramRun):
    """A program's training of one network, for whoever watches; see `ProgramRun`.

    Parameters
    ----------
    watched
        The training.

    Attributes
    ----------
    session
        Of the trainer.
    """

    def __init__(self, watched: WatchedTraining) -> None:
        super().__init__(watched.trainer, watched.limits)
        self._watched, self.session = watched, TrainerSession(watched.trainer)

    def _train(self) -> str:
        return self._watched.train([self._between])

    def _make_step(self) -> str:
        trainer = self._watched.trainer
        trainer.clock.start()
        try:
            return self._watched.step([self._between])
        finally:
            trainer.clock.stop()
            forget_batch(trainer.network)

    def status(self) -> dict[str, Any]:
        """Return the state of the run, its progress and speed, and the readings."""
        readings = {each.field: each.value() for each in self._watched.readings}
        return {**self._progress(len(self._watched.trainer.batches)), **readings}

    def overview(self) -> dict[str, Any]:
        """Return what stays the same."""
        watched, trainer, anatomy = self._watched, self._watched.trainer, self.session.steering.anatomy
        about = self.session.describe()
        memory = estimate(trainer.network, trainer.optimizer, trainer.batch_size)
        machine = {**watched.machine, "threads": numba.get_num_threads()}
        sizes = {"training": watched.training, "held_out": watched.held_out}
        architecture = watched.architecture or about["architecture"]
        return {
            "layers": describe_layers(anatomy, about["repeats"]),
            **describe_program(sizes, machine),
            "network": describe_network(anatomy, architecture, trainer.network.parameters.size, memory),
            "unit": "mini-batch",
            "readings": [
                ["Step", "step", "whole", "step-count"],
                *(
                    [each.name, each.field, "digits", each.field.replace("_", "-")]
                    for each in watched.readings
                ),
            ],
            "charts": [{"key": each.key, "title": each.title} for each in watched.charts],
        }

    def curve(self) -> dict[str, Any]:
        """Return the lines of all charts."""
        return {each.key: each.lines() for each in self._watched.charts}
