"""Altered and hostile ONNX files: are they refused with an error of the reader, or read as some network?

python -m tests.altered_onnx FLIPS TRUNCATIONS SEED

It prints a line for each file that is neither, or takes more memory or time than small files may. The limit
on memory is that of the process: run it in a process of its own.
"""

from __future__ import annotations

import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from networks.exchange import onnx
from networks.exchange.errors import ExchangeError
from tests.altered_files import SECONDS, limit_memory, too_long
from tests.support.hostile_onnx import constructions
from tests.support.onnx_samples import SAMPLES

File = tuple[str, bytes, str | None]
"""What was done, the file, and a pattern of the refusal where it must be refused."""


def altered(flips: int, truncations: int, generator: np.random.Generator) -> Iterator[File]:
    """Yield samples with one bit flipped, or without their end."""
    contents = {name: make().SerializeToString() for name, make in SAMPLES.items()}
    names = list(contents)
    for number in range(flips):
        name = names[number % len(names)]
        data = bytearray(contents[name])
        place = int(generator.integers(len(data)))
        bit = int(generator.integers(8))
        data[place] ^= 1 << bit
        yield f"{name}: bit {bit} of byte {place}", bytes(data), None
    for number in range(truncations):
        name = names[number % len(names)]
        length = int(generator.integers(len(contents[name])))
        yield f"{name}: {length} bytes", contents[name][:length], None


def fault(path: Path, pattern: str | None) -> str | None:
    """Read a file; return what is wrong with the result, None if nothing is."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with suppress(ExchangeError):
            onnx.survey(path)
        onnx.load(path).summary()
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
    generator = np.random.default_rng(seed)
    files: list[File] = [(name, data, pattern) for name, (data, pattern) in constructions().items()]
    files += altered(flips, truncations, generator)
    faulty = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        for make in SAMPLES.values():  # modules that are loaded at first use do not count
            path.write_bytes(make().SerializeToString())
            onnx.load(path).summary()
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
