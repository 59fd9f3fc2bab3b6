"""All experiments, and commands on records and the queue, by name: `python -m experiments NAME ...`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module

from workbench.exit_status import BAD_INPUT

EXPERIMENTS: Mapping[str, tuple[str, str]] = {
    "gan": ("experiments.gan.__main__", "adversarial networks for images and time series"),
    "gan_comparison": ("experiments.gan_comparison", "losses and stabilisers of adversarial networks"),
    "sweep": ("experiments.sweep.__main__", "trainings whose settings are searched, and a report"),
    "video": ("experiments.video.__main__", "networks that read videos, make them again and predict them"),
    "evaluation": ("experiments.evaluation.__main__", "judge synthetic data against real data"),
    "row_by_row": ("experiments.row_by_row", "an LSTM that reads digits row by row"),
    "small_convolution": ("experiments.small_convolution", "a small convolutional network for digits"),
    "biases": ("experiments.biases", "where biases start"),
    "leakage": ("experiments.leakage", "the slope of the leaky ReLU below zero"),
    "mixed_precision": ("experiments.mixed_precision", "values stored as bfloat16"),
    "sparse_training": ("experiments.sparse_training", "few connections that stay where they are, or move"),
    "photographs": ("experiments.photographs", "windows on photographs beside principal components"),
    "small_folders": ("experiments.small_folders", "few images beside principal components"),
}
"""Module of every experiment, and what it is about; only that of the one which is called is loaded."""

RECORDS: Mapping[str, tuple[str, str]] = {
    "list": ("experiments.records.list_command", "recorded runs in a table, the newest first"),
    "show": ("experiments.records.show_command", "all that is known of a run"),
    "compare": ("experiments.records.compare_command", "settings that differ and results, side by side"),
    "plot": ("experiments.records.plot_command", "curves of statistics, with bands over seeds"),
    "export": ("experiments.records.export_command", "runs as CSV, JSON, or for TensorBoard"),
    "delete": ("experiments.records.delete_command", "records of runs, and their folders if wanted"),
    "sync": ("experiments.sync.command", "bring the results of another machine here"),
    "serve": (
        "experiments.serve.command",
        "runs, curves, the queue and sweeps in a page of the browser",
    ),
}
"""The same for the commands on records."""

QUEUE: Mapping[str, tuple[str, str]] = {
    "submit": ("experiments.queue.submit_command", "put a training into the queue"),
    "worker": ("experiments.queue.worker_command", "run the jobs of the queue"),
    "jobs": ("experiments.queue.jobs_command", "the queue in a table"),
    "log": ("experiments.queue.log_command", "what a job has printed"),
    "cancel": ("experiments.queue.cancel_command", "end jobs, whoever runs them"),
    "retry": ("experiments.queue.retry_command", "let jobs that failed or were cancelled wait again"),
    "priority": ("experiments.queue.priority_command", "let a job come before others"),
}
"""The same for the commands on the queue."""

ALL = {**EXPERIMENTS, **RECORDS, **QUEUE}

USAGE = "usage: python -m experiments NAME ..., and NAME --help says more\n\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an experiment or a command and return its exit status; without a name list all of them."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        parts = [_listed(EXPERIMENTS), f"recorded runs\n\n{_listed(RECORDS)}", f"queue\n\n{_listed(QUEUE)}"]
        print(USAGE + "\n\n".join(parts))
        return 0
    name, *rest = given
    if name not in ALL:
        near = get_close_matches(name, ALL, n=1)
        hint = f"did you mean {near[0]}?" if near else "python -m experiments lists them"
        print(f"python -m experiments: there is no {name!r}; {hint}", file=sys.stderr)
        return BAD_INPUT
    status: int = import_module(ALL[name][0]).main(rest)
    return status


def _listed(names: Mapping[str, tuple[str, str]]) -> str:
    return "\n".join(f"  {name:18} {about}" for name, (_, about) in names.items())


if __name__ == "__main__":
    sys.exit(main())
