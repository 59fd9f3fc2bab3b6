"""The run of two networks that learn against each other: watched, stopped and continued, and not changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numba

from networks.gan import GanTrainer
from networks.gan.record import GanRow
from networks.gan.trainer import Watcher
from nn import Shape
from nn.training.limits import Limits
from nn.training.log import LossCurve
from nn.training.memory import estimate
from workbench.errors import OperationError
from workbench.inspect.gan_sides import DiscriminatorSide, GeneratorSide, Pair, Side
from workbench.inspect.samples import Samples
from workbench.run.program_run import ProgramRun, chart_line, describe_program
from workbench.run.status_report import describe_layers, describe_network, thinned

SIDES = (("generator", "held-out"), ("discriminator", "train"))
KINDS = (("real", "train"), ("generated", "held-out"))
"""Lines of a chart and their colours in the theme."""


@dataclass(frozen=True, eq=False)
class WatchedGan:
    """What a program gives to be watched.

    Attributes
    ----------
    trainer
        Of both networks.
    limits
        Where training ends.
    samples
        What is shown.
    train
        Trains to the limits and returns why it ended; watchers that it is given are called after every round.
    score
        What the rows call the score by which the generator is judged; empty without one.
    score_title
        What it is, in words.
    held_out
        Entries that judge it.
    machine
        `seed` and `rung`, where they are known.
    """

    trainer: GanTrainer
    limits: Limits
    samples: Samples
    train: Callable[[Sequence[Watcher]], str]
    score: str = ""
    score_title: str = "Validation score"
    held_out: int = 0
    machine: Mapping[str, Any] = field(default_factory=dict)


class GanRun(ProgramRun):
    """A pair that trains, for whoever watches; see `ProgramRun`.

    Parameters
    ----------
    watched
        The training.

    Attributes
    ----------
    trainer
        Of the pair.
    """

    unit = "round"

    def __init__(self, watched: WatchedGan) -> None:
        super().__init__(watched.trainer, watched.limits)
        self._watched, self.trainer = watched, watched.trainer
        pair = Pair(watched.trainer, watched.samples)
        self._sides: dict[str, Side] = {side.name: side(pair) for side in (GeneratorSide, DiscriminatorSide)}
        self._side = GeneratorSide.name
        self._curves = {name: LossCurve() for name, _ in (*SIDES, *KINDS)}

    @property
    def session(self) -> Side:
        """The network that is shown."""
        return self._sides[self._side]

    def choose_network(self, name: str) -> dict[str, Any]:
        """Show the generator or the discriminator.

        Raises
        ------
        OperationError
            When it is another name.
        """
        if name not in self._sides:
            raise OperationError(f"network {name!r}: give one of {', '.join(self._sides)}")
        if name != self._side:
            self._side = name
            self.run += 1
        return {}

    def _train(self) -> str:
        self._between.on_start(self.trainer)
        return self._watched.train([self._note, self._between.on_step])

    def _note(self, trainer: GanTrainer) -> None:
        """Add a round to the curves."""
        for side, _ in SIDES:
            self._curves[side].add(trainer.step, trainer.figures[side].loss)
        figures = trainer.figures["discriminator"]
        for kind, score in (("real", figures.real_score), ("generated", figures.generated_score)):
            self._curves[kind].add(trainer.step, score)

    def status(self) -> dict[str, Any]:
        """Return the state of the run, its progress and speed, and which network is shown."""
        progress = self._progress(len(self.trainer.entries))
        return {**progress, "network": self._side, **self._figures()}

    def _figures(self) -> dict[str, float | None]:
        """Return losses and scores of the last round, and the last score of the generator."""
        figures, score = self.trainer.figures, self._watched.score
        scored = [row.scores[score] for row in self.trainer.rows if score in row.scores]
        of_discriminator = figures.get("discriminator")
        return {
            **{f"{side}_loss": figures[side].loss if figures else None for side, _ in SIDES},
            "real_score": of_discriminator.real_score if of_discriminator else None,
            "generated_score": of_discriminator.generated_score if of_discriminator else None,
            "score": scored[-1] if scored else None,
        }

    def overview(self) -> dict[str, Any]:
        """Return what stays the same until the other network is shown."""
        side, trainer, watched = self.session, self.trainer, self._watched
        anatomy, batch_size = side.steering.anatomy, trainer.settings.batch_size
        memory = estimate(side.network, side.optimizer, batch_size)
        machine = {**watched.machine, "threads": numba.get_num_threads()}
        architecture = " > ".join(layer.family for layer in side.network.layers)
        return {
            "layers": self._layers(),
            "networks": list(self._sides),
            **describe_program({"training": len(trainer.entries), "held_out": watched.held_out}, machine),
            "network": describe_network(anatomy, architecture, side.network.parameters.size, memory),
            "unit": self.unit,
            "readings": self._readings(),
            "charts": self._charts(),
        }

    def _layers(self) -> list[dict[str, Any]]:
        """Describe the layers of the network that is shown; what it draws, or judges, is a picture."""
        layers = describe_layers(self.session.steering.anatomy, repeats=False)
        is_image = isinstance(self.trainer.gan.blueprint.data_shape, Shape)
        has_data = "kind" if self._side == DiscriminatorSide.name else "output"
        for layer in layers:
            layer["grey"] = is_image and layer[has_data] in ("input", True)
            layer["own_range"] = True
        return layers

    def _readings(self) -> list[list[str]]:
        readings = [
            ["Round", "step", "grouped", "step-count"],
            ["Epoch", "epoch", "digits", "epoch"],
            ["Generator loss", "generator_loss", "loss", "generator-loss"],
            ["Discriminator loss", "discriminator_loss", "loss", "discriminator-loss"],
        ]
        return [*readings, ["Validation", "score", "loss", "score"]] if self._watched.score else readings

    def _charts(self) -> list[dict[str, str]]:
        charts = {"losses": "Losses", "scores": "Mean scores by the discriminator"}
        if self._watched.score:
            charts["validation"] = self._watched.score_title
        return [{"key": key, "title": title} for key, title in charts.items()]

    def curve(self) -> dict[str, Any]:
        """Return the lines of all charts: of rounds, faint, and of epochs."""
        rows, score = thinned(self.trainer.rows), self._watched.score
        scored = [row for row in rows if score in row.scores]
        return {
            "losses": [*self._rounds(SIDES), *_epochs(rows, SIDES, "{}_loss")],
            "scores": [*self._rounds(KINDS), *_epochs(rows, KINDS, "{}_score")],
            "validation": [_line("generated", "held-out", scored, [row.scores[score] for row in scored])],
        }

    def _rounds(self, lines: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        found = []
        for name, tone in lines:
            curve = self._curves[name]
            found.append(chart_line(name, tone, curve.steps, curve.losses, faint=True))
        return found


def _epochs(rows: Sequence[GanRow], lines: Sequence[tuple[str, str]], field: str) -> list[dict[str, Any]]:
    return [
        _line(name, tone, rows, [getattr(row, field.format(name)) for row in rows]) for name, tone in lines
    ]


def _line(name: str, tone: str, rows: Sequence[GanRow], values: Sequence[float]) -> dict[str, Any]:
    return chart_line(name, tone, [row.step for row in rows], values)
