"""Runs of small adversarial pairs, as a page watches them."""

from collections.abc import Sequence

import numpy as np

from networks.gan import GanTrainer
from networks.gan.trainer import Watcher
from nn.training.limits import Limits
from workbench.inspect.samples import Samples
from workbench.run.gan_run import GanRun, WatchedGan

COLUMNS, ROWS = 3, 2


def samples_of(learner: GanTrainer) -> Samples:
    """Return samples that are the same every time: three columns, two rows and the real one."""
    gan, generator = learner.gan, np.random.default_rng(9)
    noise = np.moveaxis(gan.draw_noise(ROWS * COLUMNS, generator), -1, 0)
    conditions = gan.blueprint.conditions
    masks = learner.masks
    return Samples(
        noise,
        learner.entries[:COLUMNS],
        np.arange(COLUMNS) if conditions else None,
        lambda entries, _: np.zeros((len(entries), 4, 4, 1), np.uint8),
        masks=None if masks is None else masks[: ROWS * COLUMNS],
        real_masks=None if masks is None else masks[:COLUMNS],
        headings=("a", "b", "c") if conditions else (),
    )


def made_run(learner: GanTrainer, limits: Limits = Limits(5, None), **more: object) -> GanRun:  # noqa: B008
    """Return the run of a trainer."""

    def train(watchers: Sequence[Watcher]) -> str:
        return learner.train(**limits._asdict(), on_step=watchers)

    return GanRun(WatchedGan(learner, limits, samples_of(learner), train, **more))  # type: ignore[arg-type]
