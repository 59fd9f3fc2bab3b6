"""Training with a page in the browser on which it can be watched and steered: one line in a program."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from networks import Network
from nn import Adam, BatchSource, Callback, Outcome, SquaredError, Trainer
from nn.training.arguments import check_kind
from nn.training.limits import Limits
from nn.training.losses import AnyLoss
from workbench.errors import InputError
from workbench.inspect.classes import classifies
from workbench.inspect.clips import makes_clips
from workbench.inspect.inspector import Inspector
from workbench.page.address import LAST_PORT, Address
from workbench.page.framework import require_framework
from workbench.page.open_pages import noted
from workbench.records.process import Process
from workbench.run.mailbox import HUNG_UP, Mailbox
from workbench.run.messages import pack
from workbench.run.operations import (
    CLASS_OPERATIONS,
    CLIP_OPERATIONS,
    LOOKING,
    OPERATIONS,
    Opened,
    Operation,
    about,
)
from workbench.run.request_loop import RequestLoop
from workbench.run.requests import Request
from workbench.run.run_directory import RunDirectory
from workbench.run.temporary_folders import temporary_folder
from workbench.run.trainer_run import TrainerRun
from workbench.run.trainer_session import TrainerSession
from workbench.run.training_run import TrainingRun, WatchedTraining

END_SECONDS = 10.0
"""How long the process that serves the page may take to end."""

logger = logging.getLogger(__name__)


def watch(
    trainer: Trainer,
    epochs: float | None = None,
    minutes: float | None = None,
    callbacks: Sequence[Callback] = (),
    *,
    directory: Path | str | None = None,
    port: int = 0,
    wait: bool = True,
) -> Outcome:
    """Train as `trainer.train` does, and show it in a page of this machine.

    The address of the page is printed on standard error.

    Training begins at once and is steered from the page: stopped, continued, changed, rewound. The bits
    are those of a training that nobody watches, unless somebody changes something. Ctrl-C ends the step and
    returns; the trainer has what was learned, clamped and locked neurons included.

    Parameters
    ----------
    trainer
        With a network of `networks`; at its beginning or anywhere.
    epochs, minutes, callbacks
        As for `Trainer.train`.
    directory
        Where the journal and the snapshots that people ask for are kept; by default a temporary one.
    port
        Of the page, on 127.0.0.1; 0 takes a free one.
    wait
        Whether the page stays when training has ended, for more of it or to look around, until Ctrl-C.

    Returns
    -------
    Outcome
        Of the last training.

    Raises
    ------
    InputError
        When NiceGUI is not installed, the port is taken or the directory cannot be used.
    ValueError
        When the network is none of `networks`.
    TrainingDiverged
        As `Trainer.train`, when the page is closed.
    """
    require_page(port)
    check_kind("watch: trainer", trainer, Trainer, "a Trainer, which has network, loss and data")
    check_kind("watch: callbacks", callbacks, Sequence, "a list of them")
    if not isinstance(trainer.network, Network):
        raise ValueError(
            f"watch: the network is of type {type(trainer.network).__name__}: give one of networks"
        )
    trainer.limits = Limits(epochs, minutes)
    trainer.limits.check()
    run = _shown(trainer, directory, port, callbacks, begins=True, wait=wait)
    assert run.session.outcome is not None
    return run.session.outcome


def look(
    network: Network,
    data: BatchSource,
    loss: AnyLoss | None = None,
    *,
    directory: Path | str | None = None,
    port: int = 0,
) -> None:
    """Open a page on a network and some data, without training it, until Ctrl-C.

    Neurons, connections and answers are looked at and edited as in `watch`. Start trains it from where it is,
    by Adam at 0.001 with batches of 32; the network has what was learned or edited when this returns.

    Parameters
    ----------
    network
        One of `networks`, trained or not, made here or read from a file of another library.
    data
        What it is given and should give, such as `nn.ArrayBatches(inputs, targets)`.
    loss
        What compares the two; the squared error by default.
    directory, port
        As for `watch`.

    Raises
    ------
    InputError
        When NiceGUI is not installed, the port is taken or the directory cannot be used.
    ValueError
        When network, data and loss do not go together.
    """
    require_page(port)
    check_kind("look: network", network, Network, "one of networks")
    generator = np.random.default_rng(0)
    trainer = Trainer(network, loss or SquaredError(), Adam(0.001), data, batch_size=32, generator=generator)
    _shown(trainer, directory, port, (), begins=False, wait=True)


def _shown(
    trainer: Trainer,
    directory: Path | str | None,
    port: int,
    callbacks: Sequence[Callback],
    *,
    begins: bool,
    wait: bool,
) -> TrainerRun:
    """Show a trainer in a page, and raise what ended its last training."""
    with ExitStack() as stack:
        folder = directory or stack.enter_context(temporary_folder())
        run_directory = RunDirectory(Path(folder))
        stack.callback(run_directory.close)
        run = TrainerRun(TrainerSession(trainer), run_directory, callbacks)
        connection = stack.enter_context(served_page(port))
        opened = Opened(run, Inspector(run), "", {**OPERATIONS, **_operations_of(trainer)})
        show(opened, connection, wait, begins=begins)
        if run.error is not None:
            raise run.error
    return run


def require_page(port: int) -> None:
    """Refuse what makes a page impossible.

    Raises
    ------
    InputError
        When NiceGUI is not installed, or there is no such port.
    """
    require_framework()
    if not 0 <= port <= LAST_PORT:
        raise InputError(f"watch: port is {port}: give 0 to {LAST_PORT}")


def show(opened: Opened, connection: Connection, wait: bool, *, begins: bool = True) -> None:
    """Train a run in this process while a page that is served by another one shows it.

    Parameters
    ----------
    opened
        The run and its operations.
    connection
        Of `served_page`.
    wait
        Whether to go on answering the page when training has ended, until Ctrl-C.
    begins
        Whether training begins at once; otherwise when somebody on the page starts it.
    """
    run, mailbox = opened.run, Mailbox(connection, opened.operations)
    try:
        if begins:
            run.announce()
        mailbox.send(pack(about(opened), {}), answers=False)
        try:
            ProgramLoop(opened, mailbox).run(wait, begins=begins)
        finally:
            mailbox.send(pack({"type": "ended", "message": run.why_ended()}, {}), answers=False)
    finally:
        mailbox.close()


def show_program(opened: Opened, connection: Connection, wait: bool = True) -> str:
    """Train what a program trains itself while a page shows it.

    Parameters
    ----------
    opened
        A `workbench.run.program_run.ProgramRun` and its operations.
    connection
        Of `served_page`.
    wait
        Whether the page stays when training has ended, until Ctrl-C.

    Returns
    -------
    str
        Why the last training ended: `workbench.run.run_state.PAUSED` where somebody on the page stopped it.

    Raises
    ------
    ArithmeticError
        When training diverged.
    """
    show(opened, connection, wait)
    if opened.run.error is not None:
        raise opened.run.error
    reason: str = opened.run.reason
    return reason


def show_training(watched: WatchedTraining, connection: Connection, wait: bool = True) -> str:
    """Train one network as a program does while a page shows it; see `show_program`."""
    run = TrainingRun(watched)
    operations = {**LOOKING, **_operations_of(watched.trainer)}
    return show_program(Opened(run, Inspector(run), "", operations), connection, wait)


def _operations_of(trainer: Trainer) -> Mapping[str, Operation]:
    """Return what else can be asked about what a trainer trains."""
    films = CLIP_OPERATIONS if makes_clips(trainer.network) else {}
    return {**films, **(CLASS_OPERATIONS if classifies(trainer) else {})}


class ProgramLoop(RequestLoop):
    """Answers the requests of the page in the process of the program, which does not end with the page."""

    _left = False

    def run(self, wait: bool, *, begins: bool = True) -> None:
        """Train if it `begins` so, and with `wait` answer requests until Ctrl-C."""
        if begins:
            self._train()
        try:
            while wait and not self._left and not self._run.interrupted:
                self._handle(self._mailbox.next(self._patience()))
                self._make_due_frame()
                if self._started:
                    self._train()
        except KeyboardInterrupt:
            pass

    def _train(self) -> None:
        """Train; errors of callbacks and data are left to the program."""
        self._started, self._training = False, True
        try:
            self._run.train(self._between_steps)
        finally:
            self._training = False
            self._version += 1

    def _handle(self, request: Request | None) -> None:
        if request is HUNG_UP:
            logger.warning("the page has ended; training goes on")
            self._left = True
            return
        super()._handle(request)


@contextmanager
def served_page(port: int) -> Iterator[Connection]:
    """Start the process that serves the page, yield the connection to it, and end it.

    Raises
    ------
    InputError
        When the port is taken.
    """
    address = Address.bind(port=port)
    url = address.url
    ours, theirs = Pipe()
    with address.socket, theirs:
        numbers = address.socket.fileno(), theirs.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench.page.attached"],
            stdin=subprocess.PIPE,
            stdout=2,  # what a program prints is its own
            pass_fds=numbers,
            process_group=0,  # Ctrl-C is for the process that trains
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "PYTHONSAFEPATH": "1",  # files in the program's folder must not shadow modules
            },
            text=True,
        )
        assert process.stdin is not None
        handover = {"socket": numbers[0], "connection": numbers[1], "token": address.token}
        with process.stdin:
            process.stdin.write(json.dumps(handover) + "\n")
    try:
        with noted(Process.own(), url):
            yield ours
    finally:
        with socket.socket(fileno=os.dup(ours.fileno())) as pipe:
            pipe.shutdown(socket.SHUT_RDWR)  # the threads of the mailbox end, and so does the process
        ours.close()
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Wait until a process has ended, and end it when it does not."""
    for stop in (process.terminate, process.kill):
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            stop()
    process.wait()
