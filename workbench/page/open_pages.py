"""Which pages are open on this machine: their addresses, by the process whose run they show.

An address has the token, so it is kept where only the same user can read it, and never in the records. It
lasts as long as the page.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.page.private_files import private_folder, read_private, write_private
from workbench.records.process import Process, running_system


@contextmanager
def noted(process: Process, url: str) -> Iterator[None]:
    """Note the address of the page of a process's run until the block ends, where that is possible."""
    path = private_folder() / _name(process)
    write_private(path, url)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def address_of(process: Process) -> str | None:
    """Return the address of the page of a process's run; None where none is open on this machine."""
    if process.system != running_system() or not process.is_alive(0.0):
        return None
    url = read_private(private_folder() / _name(process))
    return url if url is not None and url.startswith("http://") else None


def _name(process: Process) -> str:
    """Return what tells a process from all others of this system, those before it included."""
    return f"{process.number}-{process.started}"
