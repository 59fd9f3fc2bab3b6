"""Videos learned here and in PyTorch for the same minutes: `python -m benchmarks.video_training`.

Both begin with the same weights, see the same clips in the same order, and learn by the same rule, whose rate
falls to zero over each side's own minutes. They take turns on the same threads, so that whatever else the
machine does slows both; what is measured on held-out clips costs neither any time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numba
import numpy as np
from tqdm import tqdm

from benchmarks.environment import ROOT, Environment, this_environment
from benchmarks.figures import RESULTS
from benchmarks.markers import write_between_markers
from benchmarks.torch_peer import torch
from benchmarks.video_curves import Point, draw_curves, table
from benchmarks.video_torch import TorchVideo
from experiments.video.data import VideoData, load_data
from experiments.video.folder import build
from experiments.video.scores import reference_errors
from experiments.video.settings import Settings, blueprint_of
from networks.video import ClipBatches, VideoNetwork, head_losses, measure
from nn import Adam, Cosine, DataError, Moment
from workbench.files import write_text

NAME = "video_training"
DOCUMENT, PICTURE = ROOT / "docs" / "video.md", ROOT / "docs" / "pictures" / "video_beside_pytorch.png"
TURN = 10.0
"""Seconds that a side trains before the other goes on."""

MEASURED = 1.0
"""Minutes of a side from one measurement to the next."""


class Side(Protocol):
    """One of the two that train."""

    def step(self, clips: ClipBatches, numbers: np.ndarray, factor: float) -> None:
        """Learn from clips, with so many times the rate."""

    def network(self) -> VideoNetwork:
        """Return what it has learned, as a network of ours."""


class Ours:
    """This library.

    Parameters
    ----------
    network
        Learns.
    rate
        Of Adam.
    """

    def __init__(self, network: VideoNetwork, rate: float) -> None:
        self._network, self._optimizer, self._rate = network, Adam(rate), rate
        self._loss = head_losses(network.blueprint)
        network.propagates = False

    def step(self, clips: ClipBatches, numbers: np.ndarray, factor: float) -> None:
        """See `Side`."""
        batch = clips.batch(numbers)
        _, signals = self._loss(
            self._network.forward(batch.inputs, True), batch.targets, entries=batch.entries
        )
        self._network.backward(signals)
        self._optimizer.learning_rate = self._rate * factor
        self._optimizer.step(self._network.parameters)

    def network(self) -> VideoNetwork:
        """See `Side`."""
        return self._network


class Theirs:
    """PyTorch, with the weights of a network to begin with; the rest as `Ours`."""

    def __init__(self, network: VideoNetwork, rate: float) -> None:
        self._network, self._model, self._rate = network, TorchVideo(network), rate
        learns = [each for each in self._model.parameters() if each.requires_grad]
        self._optimizer = torch.optim.Adam(learns, lr=rate, fused=True)

    def step(self, clips: ClipBatches, numbers: np.ndarray, factor: float) -> None:
        """See `Side`."""
        batch = clips.batch(numbers)
        targets = {
            name: self._model.arranged(np.ascontiguousarray(frames[..., : batch.entries]))
            for name, frames in batch.targets.items()
        }
        self._optimizer.param_groups[0]["lr"] = self._rate * factor
        self._optimizer.zero_grad()
        self._model.loss(targets["reconstruction"], targets).backward()
        self._optimizer.step()

    def network(self) -> VideoNetwork:
        """See `Side`."""
        self._model.write_to(self._network)
        return self._network


def _warm(side: Callable[[VideoNetwork, float], Side], settings: Settings, data: VideoData) -> Side:
    """Return a new side, after another has learned for a step: compiling is no part of the race."""
    clips = ClipBatches(data.training, blueprint_of(settings), count=settings.batch_size)
    new = [side(build(settings, np.random.default_rng(settings.seed)), settings.learning_rate) for _ in "12"]
    new[0].step(clips, np.arange(settings.batch_size), 1.0)
    return new[1]


SIDES = {"Ganglion": partial(_warm, Ours), "PyTorch": partial(_warm, Theirs)}


class Racer:
    """A side with its clock.

    Parameters
    ----------
    name, side
        Who it is.
    settings, data
        What both learn.
    seconds
        How long each may.
    """

    def __init__(self, name: str, side: Side, settings: Settings, data: VideoData, seconds: float) -> None:
        blueprint = blueprint_of(settings)
        self.name, self._side, self._limit, self._batch = name, side, seconds, settings.batch_size
        self._clips = ClipBatches(data.training, blueprint, count=settings.batch_size)
        self._held_out = ClipBatches(data.validation, blueprint)
        self._schedule = Cosine()
        self.seconds, self.steps, self.points = 0.0, 0, list[Point]()

    def turn(self) -> None:
        """Train for a turn, and measure where it is time."""
        until = min(self.seconds + TURN, self._limit)
        while self.seconds < until:
            began = time.perf_counter()
            numbers = np.arange(self.steps * self._batch, (self.steps + 1) * self._batch)
            progress = self.seconds / self._limit
            self._side.step(self._clips, numbers, self._schedule(Moment(progress, 0.0, self.steps)))
            self.seconds += time.perf_counter() - began
            self.steps += 1
        due = self.points[-1].minutes + MEASURED if self.points else 0.0
        if self.seconds >= min(60 * due, self._limit):
            self.points.append(self.measured())

    def measured(self) -> Point:
        """Return where it is."""
        found = measure(self._side.network(), self._held_out)
        errors = {
            head: {error: each[f"{error}_per_frame"] for error in ("mse", "nats")}
            for head, each in found.items()
        }
        return Point(self.name, self.seconds / 60, self.steps, errors)


def race(settings: Settings, minutes: float) -> dict[str, Any]:
    """Train both sides and return what they reached, as `benchmarks/results` keeps it."""
    data, blueprint = load_data(settings, blueprint_of(settings).steps), blueprint_of(settings)
    racers = [Racer(name, make(settings, data), settings, data, 60 * minutes) for name, make in SIDES.items()]
    with tqdm(total=len(racers) * round(60 * minutes), unit="s", disable=None) as bar:
        while racers[0].seconds < 60 * minutes:
            for racer in racers:
                before = racer.seconds
                racer.turn()
                bar.update(round(racer.seconds) - round(before))
    references = reference_errors(data.validation, data.probe, blueprint)
    return {
        "environment": asdict(this_environment()),
        "minutes": minutes,
        "references": {
            head: {row: float(each["nats"].mean()) for row, each in rows.items()}
            for head, rows in references.items()
        },
        "points": [point._asdict() for racer in racers for point in racer.points],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Race or write down what a race gave, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.video_training", description=__doc__.split("\n", 1)[0]
    )
    parser.add_argument("--data", default="digits", help="as of `python -m experiments video train`")
    parser.add_argument("--minutes", type=float, default=30.0, help="of each side (default %(default)s)")
    parser.add_argument("--units", type=int, default=1024, help="of the LSTMs (default %(default)s)")
    parser.add_argument("--adapter", type=int, default=512, help="of linear layers (default %(default)s)")
    parser.add_argument("--size", type=int, default=64, help="of the frames (default %(default)s)")
    parser.add_argument("--results", type=Path, default=RESULTS / f"{NAME}.json", help="what is written")
    parser.add_argument("--write", action="store_true", help="write the last results into the document only")
    options = parser.parse_args(arguments)
    if options.write:
        write(json.loads(options.results.read_text(encoding="utf-8")))
        return 0
    if torch is None:
        parser.error("PyTorch is missing: pip install -e '.[bench]'")
    torch.set_num_threads(numba.get_num_threads())
    settings = Settings(
        data=options.data, size=options.size, units=options.units, adapter=options.adapter, batch_size=32
    )
    try:
        results = race(settings, options.minutes)
    except DataError as error:
        parser.error(str(error))
    write_text(options.results, json.dumps(results, indent=1) + "\n")
    print(table(points_of(results)))
    return 0


def points_of(results: dict[str, Any]) -> list[Point]:
    """Return the measurements of results."""
    return [Point(**each) for each in results["points"]]


def write(results: dict[str, Any], document: Path = DOCUMENT, picture: Path = PICTURE) -> None:
    """Write the table into the document, and the picture."""
    environment = Environment(**results["environment"])
    write_between_markers(document, "video training", f"{table(points_of(results))}\n\n{environment}.")
    title = f"{results['minutes']:.0f} minutes each, on the same threads in turns"
    draw_curves(points_of(results), results["references"], title).save(picture, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
