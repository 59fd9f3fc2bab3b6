"""A run that is shown in a page of the browser while it trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from experiments.gan.pictures import line_cells
from experiments.gan.run import Run
from networks.gan.trainer import Watcher
from nn.training.limits import Limits
from workbench.inspect.examples import to_bytes
from workbench.inspect.samples import Samples
from workbench.run.gan_run import WatchedGan


def watched_gan(run: Run, limits: Limits, train: Callable[[Sequence[Watcher]], str]) -> WatchedGan:
    """Return what a page needs of a run.

    Parameters
    ----------
    run
        Opened, and not training.
    limits
        Where training ends.
    train
        Trains to them and returns why it ended; it is given watchers of rounds.
    """
    return WatchedGan(
        run.trainer,
        limits,
        samples_of(run),
        train,
        score="mmd",
        score_title="MMD² to the validation entries, lower is better",
        held_out=len(run.data.validation),
        machine={"seed": run.settings.seed, "rung": run.settings.rung},
    )


def samples_of(run: Run) -> Samples:
    """Return the samples of a run: those that are drawn after every epoch."""
    form, shown = run.data.form, run.shown

    def draw(entries: np.ndarray, masks: np.ndarray | None) -> np.ndarray:
        shares = form.shares(entries)
        if form.are_images:
            return to_bytes(shares)
        return to_bytes(line_cells(shares, np.ones(shares.shape[:2], bool) if masks is None else masks))

    headings = () if shown.labels is None else [form.classes[label] for label in shown.labels]
    return Samples(
        shown.noise,
        shown.real.values,
        shown.labels,
        draw,
        masks=shown.masks,
        real_masks=shown.real.masks,
        headings=headings,
    )
