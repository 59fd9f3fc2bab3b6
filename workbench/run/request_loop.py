"""Answers requests to a run, between the steps of training and while it is idle."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from nn import DataError, SnapshotError, TrainingMemoryError
from nn.training.lock import FolderLockedError
from workbench.errors import INTERNAL_ERROR, InputError, OperationError, SettingsError
from workbench.run.mailbox import Mailbox
from workbench.run.messages import Arrays, Header, pack
from workbench.run.operations import Opened, dispatch
from workbench.run.requests import CLOSE, UNASKED, Request
from workbench.run.throttle import (
    FRAME_PERIOD,
    FRAME_SHARE,
    REQUEST_SECONDS,
    REQUEST_SHARE,
    UNCHANGED_PERIOD,
    UNREQUESTED,
    Throttle,
)

SIGNAL_SECONDS = 1.0
"""Longest wait for requests: a signal just before a wait is noticed only after it."""

USER_ERRORS = (
    *(OperationError, SettingsError, InputError, DataError),
    *(SnapshotError, FolderLockedError, TrainingMemoryError),
)
"""Errors whose message is for the person who asked."""

logger = logging.getLogger(__name__)


class Unrequested:
    """Decides when the reply of an operation is sent by itself: when it has changed, and not too often.

    Parameters
    ----------
    op
        The operation.
    """

    def __init__(self, op: str) -> None:
        self.op = op
        self._period, share = UNREQUESTED[op]
        self._throttle = Throttle(share)
        self._shown: object = None

    def is_due(self, moment: object) -> bool:
        """Return whether it is due at a moment of the run."""
        return moment != self._shown and time.monotonic() >= self._throttle.due(self._period)

    def made(self, moment: object, began: float) -> None:
        """Record that it was sent."""
        self._shown = moment
        self._throttle.made(began, time.monotonic())


class RequestLoop:
    """Answers requests; each is answered once, frames when they are due.

    Parameters
    ----------
    opened
        The run and its operations.
    mailbox
        Where requests come from and answers go.
    """

    def __init__(self, opened: Opened, mailbox: Mailbox) -> None:
        self._opened, self._run, self._mailbox = opened, opened.run, mailbox
        self._frames, self._requests = Throttle(FRAME_SHARE), Throttle(REQUEST_SHARE)
        self._unrequested = [Unrequested(op) for op in UNREQUESTED if op in opened.operations]
        self._frame: Request | None = None
        self._closing: Request | None = None
        self._started = self._training = False
        self._version = 0

    def serve(self) -> None:
        """Answer requests until the end, and save."""
        while self._closing is None:
            self._handle(self._mailbox.next(self._patience()))
            self._make_due_frame()
            if self._started and self._closing is None:
                self._train()
        self._close(self._closing)

    def _train(self) -> None:
        self._started, self._training = False, True
        try:
            self._run.train(self._between_steps)
        except Exception:
            logger.exception("training failed")  # its state can still be inspected and saved
        finally:
            self._training = False
            self._version += 1

    def _between_steps(self) -> None:
        self._version += 1
        self._answer_for_a_while(self._mailbox.next_command)
        began = time.monotonic()
        if began >= self._requests.due(0.0) and self._answer_for_a_while(self._mailbox.next):
            self._requests.made(began, time.monotonic())
        self._make_due_frame()

    def _answer_for_a_while(self, next_request: Callable[[], Request | None]) -> bool:
        """Answer requests, but not for long; return whether there were any."""
        until, answered = time.monotonic() + REQUEST_SECONDS, False
        while time.monotonic() < until and (request := next_request()):
            self._handle(request)
            answered = True
        return answered

    def _handle(self, request: Request | None) -> None:
        if request is None:
            return
        if request.op == CLOSE:
            self._closing = request
            if self._training:
                self._run.stop()
        elif request.op == "frame":
            if self._frame is not None:
                self._refuse(self._frame, "frame: a newer request came")
            self._frame = request
        elif self._answer(request, "reply"):
            self._started |= request.op == "start"

    def _answer(self, request: Request, kind: str) -> bool:
        """Run an operation and send its result; return whether it succeeded."""
        try:
            header, arrays = self._do(request)
            message = pack({**header, "type": kind, "id": request.number}, arrays)
        except USER_ERRORS as error:
            self._refuse(request, str(error))
        except Exception:
            logger.exception("%s failed", request.op)
            self._refuse(request, INTERNAL_ERROR)
        else:
            self._send(request, message)
            return True
        return False

    def _do(self, request: Request) -> tuple[Header, Arrays]:
        """Run an operation; a frame since which nothing has changed is not made again."""
        if request.op != "frame":
            operation = self._opened.operations.get(request.op)
            self._version += operation is not None and (operation.commands or operation.chooses)
            return dispatch(self._opened, request.op, request.args)
        about = {"version": self._version, "status": self._run.status()}
        args = dict(request.args)
        if args.pop("after", None) == self._version:
            return {**about, "unchanged": True}, {}
        header, arrays = dispatch(self._opened, request.op, args)
        return {**header, **about}, arrays

    def _refuse(self, request: Request, text: str) -> None:
        self._send(request, pack({"type": "reply", "id": request.number, "error": text}, {}))

    def _send(self, request: Request, message: bytes) -> None:
        self._mailbox.send(message, answers=request.number != UNASKED)

    def _patience(self) -> float:
        """Return how many seconds the loop may wait for a request."""
        if self._frame is None:
            return SIGNAL_SECONDS
        return min(SIGNAL_SECONDS, max(0.0, self._due() - time.monotonic()))

    def _due(self) -> float:
        if self._frame is not None and self._frame.args.get("after") == self._version:
            return self._frames.due(UNCHANGED_PERIOD)
        return self._frames.due(FRAME_PERIOD, freely=not self._training)

    def _make_due_frame(self) -> None:
        began = time.monotonic()
        if self._frame is None or began < self._due():
            return
        request, self._frame = self._frame, None
        made = self._answer(request, "frame")
        self._frames.made(began, time.monotonic())
        if made:
            self._send_unrequested()

    def _send_unrequested(self) -> None:
        """Send the curve, and what else comes by itself, after a frame."""
        status = self._run.status()
        place = self._opened.inspector.place
        moment = (*(status[name] for name in ("run", "step", "state")), place)
        for each in self._unrequested:
            if each.is_due(moment):
                began = time.monotonic()
                self._answer(Request(UNASKED, each.op, {}), each.op)
                each.made(moment, began)

    def _close(self, request: Request) -> None:
        header: Header
        try:
            self._run.close()
            header = self._run.last_saved()
        except USER_ERRORS as error:
            logger.error("%s", error)
            header = {"error": str(error)}
        except Exception:
            logger.exception("the run could not be saved")
            header = {"error": INTERNAL_ERROR}
        self._send(request, pack({**header, "type": "closed", "id": request.number}, {}))
