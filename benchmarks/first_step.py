"""The time to the first training step in a new process, and the size of an installation.

`python -m benchmarks.first_step` starts a process for every figure and measures from its start until it says
that the step is done: the interpreter, imports, kernels and the step itself. Kernels are cached in a folder
of this benchmark's own, or compiled into an empty one. `autoencoder train` runs unchanged, on as many digits
as make one step; this includes the evaluation of a held-out batch.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.environment import Environment, this_environment
from benchmarks.install_size import ROOT, heaviest, sizes
from benchmarks.markers import write_between_markers
from benchmarks.tables import LEFT
from workbench.tables import markdown_table, text_table

DOCUMENT = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "benchmarks" / "results" / "first_step.json"
CACHE = ROOT / "build" / "first_step"
"""Folder of the kernels for the runs with cached kernels."""

DONE = "done"
Seconds: TypeAlias = dict[str, list[float]]

LIBRARY = """
import numpy as np
from networks import Dense, Sequential
from nn import Adam, ImageBatches, LeakyReLU, Shape, SquaredError, Trainer

generator, shape = np.random.default_rng(0), Shape(28, 28, 1)
layers = [Dense.of(each, activation=LeakyReLU(0.1)) for each in (256, 64, 32, 64, 256, shape)]
network = Sequential(shape, layers, generator=generator)
images = ImageBatches(generator.integers(0, 256, (64, 28, 28, 1), np.uint8))
trainer = Trainer(network, SquaredError(), Adam(), images, batch_size=64, generator=generator)
trainer.make_step()
print("done", flush=True)
"""

PEER = """
import torch
from torch import nn

sizes = [784, 256, 64, 32, 64, 256, 784]
layers = [part for a, b in zip(sizes, sizes[1:]) for part in (nn.Linear(a, b), nn.LeakyReLU(0.1))]
network = nn.Sequential(*layers)
optimizer = torch.optim.Adam(network.parameters())
images = torch.randint(0, 256, (64, 784)) / 255
optimizer.zero_grad()
nn.functional.mse_loss(network(images), images).backward()
optimizer.step()
print("done", flush=True)
"""


def program(folder: Path) -> list[str]:
    """Return the command of the program: 142 digits, of which 128 are the one batch."""
    places = ("--model-directory", str(folder / "model"), "--output-directory", str(folder / "output"))
    return ["-m", "autoencoder", "train", "--limit", "142", "--epochs", "1", "--overwrite", *places]


def seconds_until(arguments: Sequence[str], line: str, cache: Path) -> float:
    """Start Python with arguments and return the seconds until it prints a line that begins with `line`.

    Raises
    ------
    RuntimeError
        When it ends without.
    """
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        for printed in process.stdout:
            if printed.startswith(line):
                seconds = time.perf_counter() - begin
                process.kill()
                return seconds
    raise RuntimeError(f"python {' '.join(arguments)} ended without printing {line!r}")


def contestants(folder: Path) -> dict[str, tuple[Sequence[str], str]]:
    """Return what is timed, by name: arguments of Python, and the line that says it is done."""

    def run(text: str) -> tuple[Sequence[str], str]:
        return ["-c", text], DONE

    found = {
        "import numpy": run("import numpy; print('done')"),
        "import numba": run("import numba; print('done')"),
    }
    if find_spec("torch") is not None:
        found["import torch"] = run("import torch; print('done')")
        found["PyTorch: first step"] = run(PEER)
    return {
        **found,
        "Sequential and Trainer: first step": run(LIBRARY),
        "autoencoder train: first step": (program(folder), "epoch"),
    }


COMPILING = ("Sequential and Trainer: first step", "autoencoder train: first step")


def measure_cached(repeats: int) -> Seconds:
    """Return the seconds of every contestant with cached kernels; the first turn fills the cache.

    They take turns, so that a slow spell of the machine falls on all of them.
    """
    with tempfile.TemporaryDirectory() as name:
        found = contestants(Path(name))
        seconds: Seconds = {each: [] for each in found}
        for turn in range(repeats + 1):
            for each, (arguments, line) in found.items():
                took = seconds_until(arguments, line, CACHE)
                seconds[each] += [took] * bool(turn)
    return seconds


def measure_cold(repeats: int) -> Seconds:
    """Return the seconds of those that compile, each with an empty cache."""
    seconds: Seconds = {each: [] for each in COMPILING}
    for _ in range(repeats):
        for each in COMPILING:
            with tempfile.TemporaryDirectory() as name:
                arguments, line = contestants(Path(name))[each]
                seconds[each].append(seconds_until(arguments, line, Path(name, "cache")))
    return seconds


def time_cells(cached: Seconds, cold: Seconds) -> list[list[str]]:
    """Return the cells of the table of times: medians, and the range of those with cached kernels."""
    rows = []
    for name, laps in cached.items():
        compiled = f"{statistics.median(cold[name]):.1f}" if cold.get(name) else ""
        rows.append([name, f"{statistics.median(laps):.2f}", f"{min(laps):.2f} to {max(laps):.2f}", compiled])
    return rows


TIME_HEADINGS = ("new process until", "s", "range", "s, nothing cached")


def environments(kept: Mapping[str, Any]) -> str:
    """Say when and in which environment this was measured; twice where cached and not were measured apart."""
    found = {
        title: f"{Environment(**kept[name]['environment'])}."
        for name, title in (("cached", "Cached"), ("cold", "Nothing cached"))
        if name in kept
    }
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return "\n\n".join(f"{title}: {each}" for title, each in found.items())


def size_cells() -> list[list[str]]:
    """Return the cells of the table of sizes, in MiB."""
    rows = [[name, f"{size / 2**20:.0f}"] for name, size in heaviest()]
    found = sizes()
    titles = {
        "own": "Ganglion itself",
        "with requirements": "Ganglion with all it requires",
        "PyTorch": "PyTorch and NumPy with all they require",
    }
    return [[titles[key], f"{size / 2**20:.0f}"] for key, size in found.items()] + [
        [f"of Ganglion's: {name}", size] for name, size in rows
    ]


SIZE_HEADINGS = ("installed", "MiB")


def main() -> int:
    """Measure, store and print the results, and write the tables if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_step", description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="turns with cached kernels; 0 keeps the last")
    parser.add_argument("--cold", type=int, default=1, help="turns that compile everything; 0 keeps the last")
    parser.add_argument("--write", action="store_true", help=f"rewrite the tables of {DOCUMENT.name}")
    options = parser.parse_args()
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    environment = asdict(this_environment())
    if options.repeats > 0:
        kept["cached"] = {"environment": environment, "seconds": measure_cached(options.repeats)}
    if options.cold > 0:
        kept["cold"] = {"environment": environment, "seconds": measure_cold(options.cold)}
    kept |= {"bytes": sizes(), "heaviest": heaviest()}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    times = time_cells(*(kept.get(each, {}).get("seconds", {}) for each in ("cached", "cold")))
    print(text_table([TIME_HEADINGS, *times], LEFT))
    print(text_table([SIZE_HEADINGS, *size_cells()], LEFT))
    if options.write:
        table = markdown_table(TIME_HEADINGS, times)
        write_between_markers(DOCUMENT, "first step", f"{table}\n\n{environments(kept)}")
        write_between_markers(DOCUMENT, "install", markdown_table(SIZE_HEADINGS, size_cells()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
