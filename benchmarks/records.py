"""What records cost: `python -m benchmarks.records`.

Short runs recorded in a second, what the queue adds to each where it is a job, and processor time of `list`
on many runs and of a row of statistics. Processor time is that of all threads, and nearly the same on a busy
machine.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from experiments.queue.job import DONE, Terms, job_name
from experiments.queue.jobs import Jobs
from experiments.records.list_command import main as list_runs
from experiments.sweep.held import HeldTrial
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.records", description=__doc__.split("\n", 1)[0]
    )
    parser.add_argument("--runs", type=int, default=100_000, help="in the file that is listed (%(default)s)")
    parser.add_argument("--short", type=int, default=1000, help="short runs that are recorded (%(default)s)")
    parser.add_argument("--rows", type=int, default=5000, help="of a training (%(default)s)")
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


if __name__ == "__main__":
    raise SystemExit(main())
