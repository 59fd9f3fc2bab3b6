"""The time to the first training step in a new process, and what an installation weighs.

`python -m benchmarks.first_step` starts a process for every figure and measures from its start until it says
that the step is done: the interpreter, imports, kernels and the step itself. Kernels are cached in a folder
of this benchmark's own, or compiled into an empty one. `autoencoder train` runs as it is, on as many digits
as give one step; it has then evaluated a held-out batch too.
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
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.install_size import ROOT, heaviest, sizes
from benchmarks.markers import write_between_markers
from benchmarks.tables import markdown_table, text_table

DOCUMENT = ROOT / "docs" / "performance.md"
DONE = "done"

LIBRARY = """
import numpy as np
from networks.dense_o2 import Dense
from networks.sequential import Sequential
from nn.activations import LeakyReLU
from nn.losses import SquaredError
from nn.optimizers import Adam
from nn.shape import Shape
from nn.training import ImageBatches, Trainer

generator = np.random.default_rng(0)
shapes = [Shape(28, 28, 1), *(Shape(1, 1, n) for n in (256, 64, 32, 64, 256)), Shape(28, 28, 1)]
layers = [
    Dense(below, above, activation=LeakyReLU(0.1), generator=generator)
    for below, above in zip(shapes, shapes[1:])
]
images = generator.integers(0, 256, (64, 28, 28, 1), np.uint8)
trainer = Trainer(
    Sequential(layers), SquaredError(), Adam(), ImageBatches(images), batch_size=64, generator=generator
)
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


def measure(repeats: int, cold: int, progress: Callable[[str], None]) -> dict[str, dict[str, list[float]]]:
    """Return seconds by contestant: of all with cached kernels, and of those that compile with none.

    Cached ones take turns, so that a slow spell of the machine falls on all of them.
    """
    seconds: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = contestants(folder)
        seconds = {each: {"cached": [], "cold": []} for each in found}
        for each in COMPILING:
            for turn in range(max(cold, 1)):
                took = seconds_until(*found[each], folder / f"cold {each} {turn}")
                progress(f"{each}, cold: {took:.1f} s")
                seconds[each]["cold"] += [took] * bool(cold)
        for turn in range(repeats + 1):
            for each, (arguments, line) in found.items():
                took = seconds_until(arguments, line, folder / "cache")
                seconds[each]["cached"] += [took] * bool(turn)  # the first turn fills caches
    return seconds


def time_cells(seconds: dict[str, dict[str, list[float]]]) -> list[list[str]]:
    """Return the cells of the table of times: medians, and the range of those with cached kernels."""
    rows = []
    for name, laps in seconds.items():
        low, high = min(laps["cached"]), max(laps["cached"])
        cold = f"{statistics.median(laps['cold']):.1f}" if laps["cold"] else ""
        rows.append([name, f"{statistics.median(laps['cached']):.2f}", f"{low:.2f} to {high:.2f}", cold])
    return rows


TIME_HEADINGS = ("new process until", "s", "range", "s, nothing cached")


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
    """Measure, print the tables, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_step", description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="processes of each with cached kernels")
    parser.add_argument("--cold", type=int, default=1, help="processes of each that compile everything")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--write", action="store_true", help=f"rewrite the tables of {DOCUMENT.name}")
    options = parser.parse_args()
    if options.repeats < 1 or options.cold < 0:
        parser.error("--repeats must be at least 1 and --cold at least 0")
    seconds = measure(options.repeats, options.cold, lambda line: print(line, flush=True))
    print(text_table(TIME_HEADINGS, time_cells(seconds)))
    print(text_table(SIZE_HEADINGS, size_cells()))
    if options.write:
        write_between_markers(DOCUMENT, "first step", markdown_table(TIME_HEADINGS, time_cells(seconds)))
        write_between_markers(DOCUMENT, "install", markdown_table(SIZE_HEADINGS, size_cells()))
    if options.json:
        content = {"seconds": seconds, "bytes": sizes(), "heaviest": heaviest()}
        options.json.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
