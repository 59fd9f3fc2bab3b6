"""Altered and hostile ONNX files: are they refused with an error of the reader, or read as some network?

python -m tests.altered_onnx FLIPS TRUNCATIONS SEED

It prints a line for each file that is neither, or takes more memory or time than small files may. The limit
on memory is that of the process: run it in a process of its own.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from networks.exchange import onnx
from tests.support.altered_exchange import File, flipped, try_all
from tests.support.hostile_onnx import constructions
from tests.support.onnx_samples import SAMPLES


def altered(flips: int, truncations: int, generator: np.random.Generator) -> Iterator[File]:
    """Yield samples with one bit flipped, or without their end."""
    contents = {name: make().SerializeToString() for name, make in SAMPLES.items()}
    names = list(contents)
    for number in range(flips):
        name = names[number % len(names)]
        done, data = flipped(contents[name], generator)
        yield f"{name}: {done}", data, None
    for number in range(truncations):
        name = names[number % len(names)]
        length = int(generator.integers(len(contents[name])))
        yield f"{name}: {length} bytes", contents[name][:length], None


def main(flips: int, truncations: int, seed: int) -> int:
    """Try all files; return how many are faulty."""
    files: list[File] = [(name, data, pattern) for name, (data, pattern) in constructions().items()]
    files += altered(flips, truncations, np.random.default_rng(seed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"

        def load_modules() -> None:
            for make in SAMPLES.values():
                path.write_bytes(make().SerializeToString())
                onnx.load(path).summary()

        return try_all(onnx, path, files, load_modules)


if __name__ == "__main__":
    sys.exit(min(main(*map(int, sys.argv[1:])), 1))
