"""The commands that use a trained network: `demo` and `evaluate`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from experiments.video.data import load_clips, load_data
from experiments.video.evaluation import error_table, steps_of, write_evaluation
from experiments.video.folder import Model, RunFolder, named_folder
from experiments.video.run import check_data, resumed_settings
from experiments.video.settings import TABLE, Settings
from experiments.video.watchers import write_pictures
from networks.video import Blueprint
from nn import DataError, Snapshot
from workbench.errors import InputError
from workbench.settings.options import given_settings, whole_option
from workbench.terminal import use_threads


def demo(arguments: argparse.Namespace) -> int:
    """Make the animations of a run anew."""
    folder, snapshot, _ = _open(arguments)
    model = Model.of(snapshot)
    blueprint, settings = model.network.blueprint, model.settings
    if arguments.clips:
        count = whole_option(arguments, "count", 1)
        clips = load_clips(settings, Path(arguments.clips), blueprint.steps, count)
    else:
        clips = _kept_clips(folder, blueprint)
    write_pictures(folder, model.network, clips, steps_of(snapshot), settings.frame_rate)
    for path in (
        folder.frames,
        *(folder.animation.with_name(f"animation.{kind}") for kind in ("gif", "webp")),
    ):
        print(f"{'result':10} {path}")
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Measure a network on clips that were kept for the test, beside what needs no network."""
    folder, snapshot, settings = _open(arguments)
    network = Model.of(snapshot).network
    data = load_data(settings, network.blueprint.steps)
    check_data(snapshot, settings, data)
    tested = data.about if settings.test_data is None else str(settings.test_data)
    report = write_evaluation(folder, network, data, snapshot, tested)
    print(f"{len(data.test)} clips to test on, after {report['steps']:,} steps of training\n")
    print(error_table(report["errors"]))
    print(f"\n{'report':10} {folder.report}\n{'picture':10} {folder.steps_ahead}")
    return 0


def _open(arguments: argparse.Namespace) -> tuple[RunFolder, Snapshot, Settings]:
    """Return the folder that is named, the snapshot in it, and the settings with those that are given."""
    given = given_settings(arguments, TABLE)
    folder = named_folder(arguments.file, TABLE.make(given).folder)
    snapshot = folder.load(best=arguments.best)
    settings = resumed_settings(given, snapshot)
    use_threads(settings.threads)
    return folder, snapshot, settings


def _kept_clips(folder: RunFolder, blueprint: Blueprint) -> np.ndarray:
    """Return the clips that a run shows, which are in its folder.

    Raises
    ------
    InputError
        When they are not, or are other ones.
    """
    hint = "give films to be shown, by --clips"
    try:
        clips: np.ndarray = np.load(folder.clips, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{folder.clips}: cannot be read ({error}): {hint}") from error
    if clips.dtype != np.uint8 or clips.ndim != 5 or clips.shape[1:] != blueprint.video(blueprint.steps):
        raise InputError(
            f"{folder.clips}: holds {clips.dtype} {clips.shape}, expected uint8 clips of "
            f"{blueprint.video(blueprint.steps)}: {hint}"
        )
    if not len(clips):
        raise DataError(f"{folder.clips}: holds no clips: {hint}")
    return clips
