"""Event files that TensorBoard reads, written at once and by the caller's own thread.

`tensorboardX.SummaryWriter` passes its events to a thread. If that dies, for instance of a full disk, nothing
reports it, and training waits forever as soon as its queue is full. So events go to the class below it, and
errors to the caller.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import numpy as np

BINS = 64


class EventFile:
    """An event file in a folder.

    Parameters
    ----------
    folder
        Is made where it does not exist.
    first_step
        Events of this step and later ones, in files written before, are hidden by TensorBoard.

    Raises
    ------
    ModuleNotFoundError
        When tensorboardX is not installed; names the extra that brings it.
    OSError
        When the file cannot be written; `flush` and the others raise it too.
    """

    def __init__(self, folder: Path, first_step: int) -> None:
        require_tensorboardx()
        from tensorboardX.event_file_writer import EventsWriter  # noqa: PLC0415 - an extra
        from tensorboardX.proto import event_pb2  # noqa: PLC0415

        folder.mkdir(parents=True, exist_ok=True)
        self._make_event = event_pb2.Event
        # The name tells seconds; within one a run that goes on has a later step, and is to be read later.
        self._writer = EventsWriter(str(folder / "events"), f".{first_step:012}")
        start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._write(first_step, session_log=start)

    def scalar(self, name: str, value: float, step: int) -> None:
        """Write a number; a slash in the name groups it with others."""
        from tensorboardX import summary  # noqa: PLC0415

        self._write(step, summary=summary.scalar(name, value))

    def histogram(self, name: str, values: np.ndarray, step: int) -> None:
        """Write how numbers are distributed; at least one, all finite."""
        from tensorboardX import summary  # noqa: PLC0415

        self._write(step, summary=summary.histogram(name, values, BINS))

    def flush(self) -> None:
        """Flush all events to disk."""
        self._writer.flush()

    def close(self) -> None:
        """End the file; what could not be written is lost."""
        with contextlib.suppress(OSError):
            self._writer.close()

    def _write(self, step: int, **contents: Any) -> None:
        self._writer.write_event(self._make_event(wall_time=time.time(), step=step, **contents))


def require_tensorboardx() -> None:
    """Refuse to go on without tensorboardX.

    Raises
    ------
    ModuleNotFoundError
        Naming the extra that brings it.
    """
    try:
        import tensorboardX  # noqa: F401, PLC0415
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "TensorBoard's files need the package tensorboardX: pip install 'ganglion[tensorboard]'"
        ) from error
