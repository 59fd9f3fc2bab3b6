"""Altered and hostile files of Keras: are they refused with an error of the reader, or read as some network?

python -m tests.altered_keras FLIPS TRUNCATIONS SEED

It prints a line for each file that is neither, or takes more memory or time than small files may. The limit
on memory is that of the process: run it in a process of its own.
"""

from __future__ import annotations

import re
import signal
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np

from networks.exchange import keras
from networks.exchange.errors import ExchangeError
from networks.exchange.keras.writing.save import members
from tests.altered_files import SECONDS, limit_memory, too_long
from tests.support.hostile_keras import constructions, recurrent, sample, zipped

File = tuple[str, bytes, str | None]
"""What was done, the file, and a pattern of the refusal where it must be refused."""


def altered(flips: int, truncations: int, generator: np.random.Generator) -> Iterator[File]:
    """Yield samples with a bit flipped in a member or in the whole, or without their end."""
    contents = [members(make(), None) for make in (sample, recurrent)]
    names = ("model.weights.h5", "config.json", "")
    for number in range(flips + truncations):
        given, name = contents[number % 2], names[number // 2 % 3]
        data = bytearray(given[name] if name else zipped(given))
        place = int(generator.integers(len(data)))
        if number < flips:
            bit = int(generator.integers(8))
            data[place] ^= 1 << bit
            done = f"bit {bit} of byte {place}"
        else:
            del data[place:]
            done = f"{place} bytes"
        yield f"{name}: {done}", zipped({**given, name: bytes(data)}) if name else bytes(data), None


def fault(path: Path, pattern: str | None) -> str | None:
    """Read a file; return what is wrong with the result, None if nothing is."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with suppress(ExchangeError):
            keras.survey(path)
        keras.load(path).summary()
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


def main(flips: int, truncations: int, seed: int) -> int:
    """Try all files; return how many are faulty."""
    signal.signal(signal.SIGPROF, too_long)
    warnings.simplefilter("ignore")
    files: list[File] = [(name, data, pattern) for name, (data, pattern) in constructions().items()]
    files += altered(flips, truncations, np.random.default_rng(seed))
    faulty = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        for make in (sample, recurrent):  # modules that are loaded at first use do not count
            keras.save(make(), path)
            assert zipfile.is_zipfile(BytesIO(path.read_bytes()))
            keras.load(path).summary()
        limit_memory()
        for name, data, pattern in files:
            path.write_bytes(data)
            wrong = fault(path, pattern)
            if wrong is not None:
                faulty += 1
                print(f"{name}: {wrong}", flush=True)
    print(f"{len(files)} files, {faulty} faulty", file=sys.stderr)
    return faulty


if __name__ == "__main__":
    sys.exit(min(main(*map(int, sys.argv[1:])), 1))
