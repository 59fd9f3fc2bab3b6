"""What commands share that train many runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from PIL import Image

from experiments.video.many_runs import Say, Watch
from experiments.video.progress import BarOrLines
from experiments.video.run import Run
from experiments.video.settings import TABLE, Settings
from nn import Callback
from nn.render import save
from nn.training.lock import FolderLock
from workbench.exit_status import STOPPED
from workbench.files import make_directory, write_text
from workbench.settings.options import given_settings
from workbench.settings.table import Given
from workbench.terminal import use_threads

SMALL = {
    "size": "32",
    "units": "256",
    "report_every": "20",
    "validation_clips": "100",
    "animate_every": "",
}
"""Settings that are others here than in a single run."""

LIMITS = ("steps", "minutes")

Outcomes = TypeVar("Outcomes")


class Shown(NamedTuple):
    """What is shown of many runs.

    Attributes
    ----------
    name
        Of the file of the table, without a suffix.
    text
        Printed.
    markdown
        The table for that file.
    pictures
        By the names of their files, without a suffix.
    """

    name: str
    text: str
    markdown: str
    pictures: Mapping[str, Image.Image]


def base_settings(
    arguments: argparse.Namespace, defaults: Mapping[str, str], limit: tuple[str, str], varied: Sequence[str]
) -> Settings:
    """Return the settings of all runs.

    Parameters
    ----------
    arguments
        Of the command line.
    defaults
        Settings that are others than those of a single run, unless they are given.
    limit
        Name and text of the limit, where neither steps nor minutes are given.
    varied
        Settings that the runs choose: a settings file may have them, and they are left out.
    """
    given = given_settings(arguments, TABLE)
    defaults = dict(defaults)
    if not any(name in given for name in LIMITS):
        defaults[limit[0]] = limit[1]
    texts = {name: Given(text, f"--{name.replace('_', '-')}") for name, text in defaults.items()}
    return TABLE.make({**texts, **{name: each for name, each in given.items() if name not in varied}})


def train_many(
    base: Settings,
    train: Callable[[Settings, Say, Watch], Outcomes | None],
    show: Callable[[Outcomes], Shown],
) -> int:
    """Train what is missing, write the table and draw the figures; return the exit status."""
    folder = base.run_folder
    use_threads(base.threads)
    make_directory(folder)
    with FolderLock(folder):
        outcomes = train(base, _say, _watch)
        if outcomes is None:
            print("the same command goes on")
            return STOPPED
        shown = show(outcomes)
        table = folder / f"{shown.name}.md"
        write_text(table, shown.markdown)
        pictures = {folder / f"{name}.png": picture for name, picture in shown.pictures.items()}
        for path, picture in pictures.items():
            save(picture, path)
    print(f"\n{shown.text}\n")
    for path in (table, *sorted(pictures)):
        print(f"{'result':10} {path}")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _watch(run: Run) -> list[Callback]:
    return [BarOrLines(run.reports, run.network.blueprint)] if sys.stderr.isatty() else []
