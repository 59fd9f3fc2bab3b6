"""The process that trains: it answers requests between steps, and training never waits for them."""

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
from workbench.run.operations import Opened, Operation, about
from workbench.terminal import warnings_shown

if TYPE_CHECKING:
    from workbench.run.request_loop import RequestLoop

logger = logging.getLogger(__name__)


class Launch(Protocol):
    """Is sent to the process that trains, and opens the run there."""

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations of the run."""

    def open(self) -> Opened:
        """Open the run; what it raises is explained by `workbench.exit_status.explain`."""


def run_worker(connection: Connection, launch: Launch) -> None:
    """Open a run, answer requests until the connection is closed, and save.

    The first message is "ready", with a description of the run, or "failed", with the exit status and the
    reason. Ctrl-C in the terminal reaches this process too: it ends training as in `train`, and is otherwise
    left to the process at the other end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    tqdm.set_lock(threading.RLock())  # its own is for many processes, and outlives one that is killed
    mailbox = Mailbox(connection, launch.operations)
    with warnings_shown():
        answering = _open(launch, mailbox)
        if answering is not None:
            with _hanging_up_on_sigterm(mailbox):
                answering.serve()
    mailbox.close()


def _open(launch: Launch, mailbox: Mailbox) -> RequestLoop | None:
    # The process at the other end imports this module too, but computes nothing.
    from workbench.run.request_loop import RequestLoop  # noqa: PLC0415

    try:
        opened = launch.open()
    except Exception as error:
        status, text = explain(error) or (FAILED, INTERNAL_ERROR)
        if text == INTERNAL_ERROR:
            logger.exception("the run cannot be opened")
        mailbox.send(pack({"type": "failed", "status": status, "text": text}, {}), answers=False)
        return None
    mailbox.send(pack(about(opened), {}), answers=False)
    return RequestLoop(opened, mailbox)


@contextmanager
def _hanging_up_on_sigterm(mailbox: Mailbox) -> Iterator[None]:
    """Save and end on SIGTERM, as when the other end disconnects; during training the trainer handles it."""

    def handle(number: int, frame: FrameType | None) -> None:
        mailbox.hang_up()

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
