"""What is drawn beside training: plots of the errors, and animations."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from experiments.video.animations import animate, draw_frames, made_of, write_animations
from experiments.video.folder import RunFolder
from experiments.video.plots import draw_losses
from experiments.video.reports import Reports
from experiments.video.scores import Means
from experiments.video.settings import Settings
from networks.video import VideoNetwork
from nn import Callback, Trainer
from nn.render import save

PLOTS_EVERY = 60.0
"""Seconds of training from one drawing of the plots to the next."""


class Watched(Protocol):
    """A run, as far as it is drawn."""

    settings: Settings
    folder: RunFolder
    network: VideoNetwork
    reports: Reports
    references: Means

    @property
    def shown(self) -> np.ndarray:
        """Clips that animations show."""


class Pictures(Callback):
    """Draws the plots every minute, animations at intervals, and both when it is asked to.

    Parameters
    ----------
    run
        What is drawn.
    """

    def __init__(self, run: Watched) -> None:
        self._run = run
        self._plotted_at: float | None = None
        self._animated_at = 0.0

    def __deepcopy__(self, memo: dict[int, Any]) -> Pictures:
        """Return one that draws the same run."""
        return Pictures(self._run)

    def on_start(self, trainer: Trainer) -> None:
        """Begin the first interval."""
        self._plotted_at, self._animated_at = None, trainer.clock.seconds

    def on_epoch(self, trainer: Trainer) -> None:
        """Draw the plots if it was long ago."""
        if self._plotted_at is None or trainer.clock.seconds - self._plotted_at >= PLOTS_EVERY:
            self._plotted_at = trainer.clock.seconds
            self.plot()

    def on_step(self, trainer: Trainer) -> None:
        """Write an animation if the interval is over."""
        every, seconds = self._run.settings.animate_every, trainer.clock.seconds
        if every is not None and seconds - self._animated_at >= 60 * every:
            self._animated_at = seconds
            folder = self._run.folder.animations
            folder.mkdir(exist_ok=True)
            minutes = seconds / 60
            frames = animate(made_of(self._run.network, self._run.shown), f"{minutes:.4g} minutes")
            write_animations(folder / f"minute-{minutes:07.2f}", frames, self._run.settings.frame_rate)

    def draw(self, step: int) -> None:
        """Draw everything after so many steps."""
        run = self._run
        if run.reports.rows:
            self.plot()
        write_pictures(run.folder, run.network, run.shown, step, run.settings.frame_rate)

    def plot(self) -> None:
        """Draw the errors over minutes and over steps."""
        run = self._run
        title = f"{run.folder.path.name}: errors of whole clips"
        for by, path in (("minutes", run.folder.by_minutes), ("steps", run.folder.by_steps)):
            save(draw_losses(run.reports.rows, run.references, by, title), path)


def write_pictures(
    folder: RunFolder, network: VideoNetwork, clips: np.ndarray, step: int, rate: float
) -> None:
    """Write the animation and the still frames of some clips, uint8 (n, steps, height, width, channels)."""
    columns = made_of(network, clips)
    title = f"{step:,} steps"
    write_animations(folder.animation, animate(columns, title), rate)
    save(draw_frames(columns, title), folder.frames)
