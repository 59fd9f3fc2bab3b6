"""The token of a server that was killed, for the one that is started after it at the same port.

Pages that are open then go on by themselves. A server that ends in order takes its token with it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from workbench.page.address import Address
from workbench.page.private_files import private_folder, read_private, write_private

TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


@contextmanager
def kept(address: Address) -> Iterator[Address]:
    """Keep the token of an address until the block ends, and go on with one that was left behind.

    Parameters
    ----------
    address
        Bound, so that nobody else serves there.
    """
    host, port = address.socket.getsockname()[:2]
    path = private_folder() / f"token-{re.sub('[^0-9a-f.]', '-', host)}-{port}"
    left = read_private(path)
    if left is not None and TOKEN.fullmatch(left):
        address = replace(address, token=left)
    write_private(path, address.token)
    try:
        yield address
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
