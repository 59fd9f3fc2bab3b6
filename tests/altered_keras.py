"""Altered and hostile files of Keras: are they refused with an error of the reader, or read as some network?

python -m tests.altered_keras FLIPS TRUNCATIONS SEED

It prints a line for each file that is neither, or takes more memory or time than small files may. The limit
on memory is that of the process: run it in a process of its own.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np

from networks.exchange import keras
from networks.exchange.keras.writing.save import members
from tests.support.altered_exchange import File, flipped, try_all
from tests.support.hostile_keras import constructions, recurrent, sample, zipped


def altered(flips: int, truncations: int, generator: np.random.Generator) -> Iterator[File]:
    """Yield samples with a bit flipped in a member or in the whole, or without their end."""
    contents = [members(make(), None) for make in (sample, recurrent)]
    names = ("model.weights.h5", "config.json", "")
    for number in range(flips + truncations):
        given, name = contents[number % 2], names[number // 2 % 3]
        data = given[name] if name else zipped(given)
        if number < flips:
            done, data = flipped(data, generator)
        else:
            length = int(generator.integers(len(data)))
            done, data = f"{length} bytes", data[:length]
        yield f"{name}: {done}", zipped({**given, name: data}) if name else data, None


def main(flips: int, truncations: int, seed: int) -> int:
    """Try all files; return how many are faulty."""
    warnings.simplefilter("ignore")
    files: list[File] = [(name, data, pattern) for name, (data, pattern) in constructions().items()]
    files += altered(flips, truncations, np.random.default_rng(seed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"

        def load_modules() -> None:
            for make in (sample, recurrent):
                keras.save(make(), path)
                assert zipfile.is_zipfile(BytesIO(path.read_bytes()))
                keras.load(path).summary()

        return try_all(keras, path, files, load_modules)


if __name__ == "__main__":
    sys.exit(min(main(*map(int, sys.argv[1:])), 1))
