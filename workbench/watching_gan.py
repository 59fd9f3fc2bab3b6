"""Training adversarial networks with a page in the browser on which they can be watched."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing.connection import Connection

from networks.gan import GanTrainer
from networks.gan.trainer import Watcher
from nn.training.arguments import check_kind
from nn.training.limits import Limits
from workbench.inspect.gan_inspector import GanInspector
from workbench.inspect.samples import Samples, default_samples
from workbench.run.gan_run import GanRun, WatchedGan
from workbench.run.operations import GAN_OPERATIONS, Opened
from workbench.watching import require_page, served_page, show_program


def watch_gan(
    trainer: GanTrainer,
    epochs: float | None = None,
    minutes: float | None = None,
    *,
    on_step: Sequence[Watcher] = (),
    on_epoch: Sequence[Watcher] = (),
    samples: Samples | None = None,
    port: int = 0,
    wait: bool = True,
) -> str:
    """Train as `trainer.train` does, and show samples, losses and both networks in a page of this machine.

    The address of the page is printed on standard error. Training is stopped and continued from the page, and
    nothing else: its bits are those of a training that nobody watches. Ctrl-C ends the round and returns.

    Parameters
    ----------
    trainer
        Of both networks; at its beginning or anywhere.
    epochs, minutes, on_step, on_epoch
        As for `GanTrainer.train`.
    samples
        What is shown; by default samples of every class, or any.
    port
        Of the page, on 127.0.0.1; 0 takes a free one.
    wait
        Whether the page stays when training has ended, to look around, until Ctrl-C.

    Returns
    -------
    str
        Why the last training ended: `workbench.run.run_state.PAUSED` where somebody on the page stopped it.

    Raises
    ------
    InputError
        When NiceGUI is not installed, or the port is taken.
    ValueError
        When there is no limit, or one makes no sense.
    GanDiverged
        As `GanTrainer.train`, when the page is closed.
    """
    require_page(port)
    check_kind("watch: trainer", trainer, GanTrainer, "a GanTrainer, which has two networks")
    limits = Limits(epochs, minutes)
    limits.check()
    if epochs is None and minutes is None:
        raise ValueError("watch: give epochs or minutes")

    def train(more: Sequence[Watcher]) -> str:
        return trainer.train(
            epochs=epochs, minutes=minutes, on_step=[*on_step, *more], on_epoch=list(on_epoch)
        )

    watched = WatchedGan(trainer, limits, samples or default_samples(trainer), train)
    with served_page(port) as connection:
        return show_gan(watched, connection, wait)


def show_gan(watched: WatchedGan, connection: Connection, wait: bool = True) -> str:
    """Train a pair of adversarial networks while a page shows it.

    Parameters
    ----------
    watched
        The training.
    connection
        Of `workbench.watching.served_page`.
    wait
        Whether the page stays when training has ended, until Ctrl-C.

    Returns
    -------
    str
        Why the last training ended; see `watch_gan`.

    Raises
    ------
    GanDiverged
        When training did.
    """
    run = GanRun(watched)
    return show_program(Opened(run, GanInspector(run), "", GAN_OPERATIONS), connection, wait)
