"""Altered and hostile files of other libraries: read in a process with limits of memory and time."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import numpy as np

from networks.exchange.errors import ExchangeError
from tests.altered_files import SECONDS, limit_memory, too_long

File = tuple[str, bytes, str | None]
"""What was done, the file, and a pattern of the refusal where it must be refused."""


def flipped(data: bytes, generator: np.random.Generator) -> tuple[str, bytes]:
    """Return data with one bit flipped, and which it was."""
    changed = bytearray(data)
    place, bit = int(generator.integers(len(changed))), int(generator.integers(8))
    changed[place] ^= 1 << bit
    return f"bit {bit} of byte {place}", bytes(changed)


def fault(library: ModuleType, path: Path, pattern: str | None) -> str | None:
    """Read a file by `library.survey` and `load`; return what is wrong with that, None if nothing is."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with suppress(ExchangeError):
            library.survey(path)
        library.load(path).summary()
    except ExchangeError as error:
        message = str(error)
        if not message.startswith(f"{path}: ") or len(message) > 2100 or "\n" in message:
            return f"message {message[:200]!r} of {len(message)} characters"
        if pattern is not None and not re.search(pattern, message):
            return f"message {message!r}"
        return None
    except BaseException as error:  # no other error is allowed
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None if pattern is None else "is read"


def try_all(library: ModuleType, path: Path, files: Sequence[File], load_modules: Callable[[], None]) -> int:
    """Try all files under a path; return how many are faulty.

    `load_modules` loads what is loaded at first use, which does not count.
    """
    signal.signal(signal.SIGPROF, too_long)
    load_modules()
    limit_memory()
    faulty = 0
    for name, data, pattern in files:
        path.write_bytes(data)
        wrong = fault(library, path, pattern)
        if wrong is not None:
            faulty += 1
            print(f"{name}: {wrong}", flush=True)
    print(f"{len(files)} files, {faulty} faulty", file=sys.stderr)
    return faulty
