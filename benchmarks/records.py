"""What records cost: `python -m benchmarks.records`.

Short runs recorded in a second, what the queue adds to each where it is a job, processor time of `list` on
many runs and of a row of statistics, and how much longer a training of small steps takes when it is recorded.
Processor time is that of all threads, and nearly the same on a busy machine.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from experiments.queue.job import DONE, Terms, job_name
from experiments.queue.jobs import Jobs
from experiments.records.list_command import main as list_runs
from experiments.sweep.held import HeldTrial
from networks import Dense, Sequential
from nn import Adam, ArrayBatches, Callback, Identity, Shape, SquaredError, Trainer, use_threads
from workbench import Recording
from workbench.records import About, Store, recording
from workbench.records.process import Process
from workbench.records.run import Session
from workbench.records.values import encode

SETTINGS = 20
"""Settings of a run."""

LISTS: dict[str, list[str]] = {
    "newest": [],
    "by a setting": ["--where", "units=256"],
    "by a result": ["--sort", "loss"],
    "both": ["--where", "units=256", "--sort", "loss"],
    "lost": ["--state", "lost"],
}
REPEATS = 5

ROW = {
    "epoch": 1.0,
    "seconds": 2.5,
    "training_loss": 0.5,
    "held_out_loss": 0.25,
    "learning_rate": 0.001,
    "held_out_accuracy": 0.75,
}
"""Statistics of an epoch."""

STEPS, EPOCHS, BEGUN, UNITS = 100, 600, 200, 32
"""Of the training that is recorded: steps of an epoch, epochs, those until its record has begun, neurons."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.records", description=__doc__.split("\n", 1)[0]
    )
    parser.add_argument("--runs", type=int, default=100_000, help="in the file that is listed (%(default)s)")
    parser.add_argument("--short", type=int, default=1000, help="short runs that are recorded (%(default)s)")
    parser.add_argument("--rows", type=int, default=5000, help="of a training (%(default)s)")
    parser.add_argument("--turns", type=int, default=10, help="trainings of each kind (%(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        rate, cost = short_runs(Path(folder) / "short.sqlite", options.short)
        print(f"{rate:8.1f} short runs recorded a second; each takes {1000 * cost:.1f} ms of processor time")
        rate, cost = queued_jobs(Path(folder) / "queue.sqlite", options.short)
        print(f"{rate:8.1f} jobs go through the queue in a second; it takes {1000 * cost:.1f} ms for each")
        path = Path(folder) / "long.sqlite"
        fill(path, options.runs)
        for name, words in LISTS.items():
            seconds = best_of(lambda words=words: quietly(path, words))
            print(f"{1000 * seconds:8.1f} ms to list {options.runs:,} runs: {name}")
        cost = row_cost(Path(folder) / "rows.sqlite", options.rows)
        print(f"{1e6 * cost:8.1f} µs to record the row of an epoch")
        step, share = recorded_training(Path(folder) / "steps.sqlite", options.turns)
        print(f"{1e6 * step:8.1f} µs for a step of a small training; recorded, it takes {share:+.2%}")
    return 0


def short_runs(path: Path, count: int) -> tuple[float, float]:
    """Return how many runs that do nothing are recorded in a second, and the processor time of each."""
    began, used = time.perf_counter(), time.process_time()
    for number in range(count):
        with recording(About("nothing", settings_of(number)), path) as recorder:
            recorder.statistics(1, {"loss": 0.5})
            recorder.results({"loss": 0.5})
    return count / (time.perf_counter() - began), (time.process_time() - used) / count


def queued_jobs(path: Path, count: int) -> tuple[float, float]:
    """Return how many jobs are submitted, taken and ended in a second, and the processor time of each."""
    words = ["train", *(word for each in settings_of(0).items() for word in map(str, each))]
    began, used = time.perf_counter(), time.process_time()
    with Store.open(path, create=True) as store:
        jobs = Jobs(store)
        for _ in range(count):
            jobs.submit("nothing", words, path.parent, Terms())
        for number in jobs.takeable():
            held = HeldTrial.take(jobs.folder, job_name(number))
            job = jobs.take(number, "worker")
            assert held is not None and job is not None
            jobs.release(job, "worker", DONE, reason="", attempts=0, exit_status=0)
            held.release()
    return count / (time.perf_counter() - began), (time.process_time() - used) / count


def settings_of(number: int) -> dict[str, int]:
    """Return settings that differ from run to run."""
    return {"units": 2 ** (number % 10), **{f"setting_{place}": number for place in range(1, SETTINGS)}}


def fill(path: Path, count: int) -> None:
    """Write many runs to a file."""
    process = Process.own()
    with Store.open(path, create=True) as store, store.writing():
        for number in range(count):
            session = Session(1e9 + number, None, "running", "", "train", {}, {})
            run = store.begin(About("nothing", seed=number % 5), session, process)
            store.write_settings(run, {name: encode(value) for name, value in settings_of(number).items()})
            store.write_results(run, {"loss": encode(float(number * 7919 % count))})
            store.finish(run, "lost" if number % 100 == 0 else "done", "", 1e9 + number + 60)


def quietly(path: Path, words: Sequence[str]) -> None:
    """List runs, and print nothing."""
    with contextlib.redirect_stdout(io.StringIO()):
        assert list_runs([*words, "--records", str(path)]) == 0


def best_of(call: Callable[[], None]) -> float:
    """Return the seconds of processor time that something takes, at best."""
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return min(times)


def row_cost(path: Path, rows: int) -> float:
    """Return the seconds of processor time that a row of statistics takes, both threads together."""

    def record() -> None:
        with recording(About("rows"), path) as recorder:
            for step in range(rows):
                recorder.statistics(step, ROW)

    return best_of(record) / rows


def recorded_training(path: Path, turns: int) -> tuple[float, float]:
    """Return the processor time of a step of a training, and by which share a record makes it longer.

    The median of pairs of trainings, one after the other, by turns the one or the other first.
    """
    use_threads(1)
    seconds, shares = [], []
    for turn in range(turns + 1):
        kinds: list[list[Callback]] = [[], [Recording("steps", {"units": UNITS}, seed=0, records=path)]]
        measured = {len(kind): step_seconds(kind) for kind in kinds[:: 1 if turn % 2 else -1]}
        seconds.append(measured[0])
        shares.append(measured[1] / measured[0] - 1)
    return statistics.median(seconds[1:]), statistics.median(shares[1:])  # the first had to compile


def step_seconds(callbacks: Sequence[Callback]) -> float:
    """Return the seconds of processor time of a step of a small network, once its record has begun."""
    generator, entries = np.random.default_rng(0), 32
    inputs = generator.normal(size=(STEPS * entries, 6)).astype(np.float32)
    layers = [Dense.of(UNITS), Dense.of(1, activation=Identity())]
    trainer = Trainer(
        Sequential(Shape(1, 1, 6), layers, generator=generator),
        SquaredError(),
        Adam(),
        ArrayBatches(inputs, inputs.sum(axis=1, keepdims=True)),
        batch_size=entries,
        generator=generator,
    )
    times = Times()
    trainer.train(EPOCHS, callbacks=[*callbacks, times])
    return (times.seconds[-1] - times.seconds[BEGUN]) / (STEPS * (EPOCHS - 1 - BEGUN))


class Times(Callback):
    """Notes the processor time after every epoch."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_epoch(self, trainer: Trainer) -> None:
        """Note it."""
        self.seconds.append(time.process_time())


if __name__ == "__main__":
    raise SystemExit(main())
