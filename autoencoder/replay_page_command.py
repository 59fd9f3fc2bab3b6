"""The command `replay-page`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar, get_args

from autoencoder.model_commands import OF_THE_DATA, OF_THE_RUN
from autoencoder.model_file import load_snapshot, model_path
from autoencoder.replay_document import most_bytes, replay_document
from autoencoder.report import EpochLines
from autoencoder.run_frames import kept_snapshots, record_snapshots, record_training
from autoencoder.session import Session, resume_session
from autoencoder.settings import TABLE
from nn import ProgressBar, SnapshotError
from nn.byte_sizes import MEBIBYTE, format_bytes
from nn.files import replacing
from workbench.errors import InputError
from workbench.exit_status import STOPPED
from workbench.files import make_directory
from workbench.inspect.view import SHOWN
from workbench.replay_page.plan import Kept, Plan, spread_steps
from workbench.replay_page.recording import Recording
from workbench.settings.options import given_settings, whole_option
from workbench.settings.stored import settings_of
from workbench.settings.table import Given
from workbench.terminal import reading, use_threads

SNAPSHOTS = "snapshots"
"""Frames that are those of the snapshots that the run kept."""

SPACINGS = ("growing", "even")

Choice = TypeVar("Choice")

Record = Callable[[Recording], str | None]
"""Makes the frames; returns what differs from the model, None when it was stopped."""


class Frames(NamedTuple):
    """The frames of a page.

    Attributes
    ----------
    most
        How many there are at most.
    words
        Where they are from.
    record
        Makes them.
    growing
        Whether each is a factor of steps further than the one before.
    """

    most: int
    words: str
    record: Record
    growing: bool


def replay_page(arguments: argparse.Namespace) -> int:
    """Write a run as a page that opens from disk."""
    path = Path(arguments.output)
    if not arguments.size:
        _prepare(path, overwrite=arguments.overwrite)
    most = whole_option(arguments, "largest", 1)
    weights, evenly = (
        _one_of(arguments, "weights", get_args(Kept)),
        _one_of(arguments, "spacing", SPACINGS) == "even",
    )
    examples = whole_option(arguments, "examples", 1)
    if examples > SHOWN:
        raise InputError(f"--examples {examples}: give at most {SHOWN}")
    session = _open(arguments)
    frames = _frames(arguments, session, evenly=evenly)
    plan = Plan(frames.most, examples, weights)
    size = most_bytes(session, plan)
    print(f"{'frames':10} {frames.words}")
    print(f"{'size':10} at most {format_bytes(size)}", flush=True)
    if arguments.size:
        return 0
    if size > most * MEBIBYTE:
        raise InputError(
            f"{path}: may become larger than --largest {most} MiB: take fewer --frames, "
            "--weights last or none, fewer --examples or a larger --largest"
        )
    recording = Recording(session, plan)
    difference = frames.record(recording)
    if difference is None:
        return STOPPED
    if difference:
        print(f"{'differs':10} {difference}: the last bits are others on another rung or machine")
    document = replay_document(session, recording, frames.words, growing=frames.growing)
    with replacing(path) as file:
        file.write(document)
    print(f"{'page':10} {path}, {format_bytes(len(document))}: opens in a browser from disk")
    return 0


def _prepare(path: Path, *, overwrite: bool) -> None:
    """Refuse a place that cannot be written, before anything is computed for it."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file as --output")
    if path.exists() and not overwrite:
        raise InputError(f"{path}: is there already; give --overwrite to replace it, or another --output")
    make_directory(path.parent)


def _open(arguments: argparse.Namespace) -> Session:
    """Load the model that the arguments name, with its images and the state of its training."""
    given = given_settings(arguments, TABLE)
    asked = TABLE.make(given)
    use_threads(asked.threads)
    try:
        snapshot = load_snapshot(asked.model_directory)
        stored, texts = settings_of(snapshot), TABLE.texts(asked)
        names = [name for name in OF_THE_RUN if name in given or name.endswith("directory")]
        chosen = {name: Given(texts[name], name) for name in names}
        chosen |= {name: given[name] for name in OF_THE_DATA if name in given}
        settings = TABLE.make({**stored, **chosen})
        with reading() as progress:
            return resume_session(settings, snapshot, progress)
    except SnapshotError as error:
        raise InputError(str(error)) from error


def _frames(arguments: argparse.Namespace, session: Session, *, evenly: bool) -> Frames:
    if arguments.frames != SNAPSHOTS:
        steps = spread_steps(session.trainer.step, whole_option(arguments, "frames", 2), evenly=evenly)
        words = f"{len(steps)}, of training the {session.trainer.step:,} steps again"
        return Frames(len(steps) + 1, words, _training(session, steps), not evenly)
    kept = kept_snapshots(session)
    if not kept:
        took = timedelta(seconds=round(session.trainer.clock.seconds))
        raise InputError(
            f"{model_path(session.settings.model_directory)}: this run kept no snapshots; "
            f"--frames 24 makes frames of training it again, which took {took}"
        )
    words = f"{len(kept) + 1}, of the snapshots that the run kept and the model"

    def record(recording: Recording) -> str:
        record_snapshots(recording, session, kept)
        return ""

    return Frames(len(kept) + 1, words, record, growing=False)


def _training(session: Session, steps: list[int]) -> Record:
    def record(recording: Recording) -> str | None:
        progress = ProgressBar() if sys.stderr.isatty() else EpochLines()
        return record_training(recording, session, steps, [progress])

    return record


def _one_of(arguments: argparse.Namespace, name: str, choices: tuple[Choice, ...]) -> Choice:
    value = getattr(arguments, name)
    if value not in choices:
        raise InputError(f"--{name} {value}: give one of {', '.join(map(str, choices))}")
    return choices[choices.index(value)]
