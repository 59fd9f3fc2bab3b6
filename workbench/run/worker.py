"""The process that trains: it does what is asked between steps, and training waits for nobody."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import FrameType
from typing import TYPE_CHECKING, Protocol

from tqdm import tqdm

from workbench.errors import INTERNAL_ERROR
from workbench.exit_status import FAILED, explain
from workbench.run.mailbox import Mailbox
from workbench.run.messages import pack
from workbench.run.operations import Opened, Operation
from workbench.terminal import warnings_shown

if TYPE_CHECKING:
    from workbench.run.request_loop import RequestLoop

logger = logging.getLogger(__name__)


class Launch(Protocol):
    """What a process that trains is started with: it travels there, and opens the run."""

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be asked of the run."""

    def open(self) -> Opened:
        """Open the run; what it raises is explained by `workbench.exit_status.explain`."""


def run_worker(connection: Connection, launch: Launch) -> None:
    """Build a run, say so, and do what comes through the connection until it is closed or ends; then save.

    The first message is "ready", with what there is to say about the run, or "failed", with the exit status
    and a line that says why. Ctrl-C in the terminal reaches this process too: it ends training as it does
    in `train`, and is otherwise left to the process at the other end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    tqdm.set_lock(threading.RLock())  # its own is for many processes, and outlives one that is killed
    mailbox = Mailbox(connection)
    with warnings_shown():
        answering = _open(launch, mailbox)
        if answering is not None:
            with _hanging_up_on_sigterm(mailbox):
                answering.serve()
    mailbox.close()


def _open(launch: Launch, mailbox: Mailbox) -> RequestLoop | None:
    # The process at the other end names this module, and has no use for what computes.
    from workbench.run.request_loop import RequestLoop  # noqa: PLC0415

    try:
        opened = launch.open()
    except Exception as error:
        status, text = explain(error) or (FAILED, INTERNAL_ERROR)
        if text == INTERNAL_ERROR:
            logger.exception("the run cannot be opened")
        mailbox.send(pack({"type": "failed", "status": status, "text": text}, {}), answers=False)
        return None
    run = opened.run
    about = {"status": run.status(), "overview": run.overview(), "about": opened.about}
    mailbox.send(pack({"type": "ready", **about}, {}), answers=False)
    return RequestLoop(opened, mailbox)


@contextmanager
def _hanging_up_on_sigterm(mailbox: Mailbox) -> Iterator[None]:
    """Save and end on SIGTERM, as when the other end hangs up; while training the trainer's handler stops."""

    def handle(number: int, frame: FrameType | None) -> None:
        mailbox.hang_up()

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
