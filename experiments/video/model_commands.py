"""The commands that use a trained network: `demo` and `evaluate`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from experiments.table import text_table
from experiments.video.data import load_clips, load_data
from experiments.video.folder import Model, RunFolder, named_folder
from experiments.video.plots import draw_steps_ahead
from experiments.video.run import check_data, resumed_settings
from experiments.video.scores import NETWORK, Scores, network_errors, reference_errors, report_of
from experiments.video.settings import TABLE, Settings
from experiments.video.watchers import write_pictures
from networks.video import Blueprint
from nn import DataError, Snapshot
from nn.render import save
from workbench.errors import InputError
from workbench.files import write_text
from workbench.settings.options import given_settings, whole_option
from workbench.terminal import use_threads

DECIMALS = {"mse_per_pixel": 5, "nats_per_pixel": 5}
HEADINGS = {
    "mse_per_pixel": "MSE/pixel",
    "mse_per_frame": "MSE/frame",
    "mse_per_sequence": "MSE/sequence",
    "nats_per_pixel": "nats/pixel",
    "nats_per_frame": "nats/frame",
    "nats_per_sequence": "nats/sequence",
}


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
    write_pictures(folder, model.network, clips, _steps(snapshot), settings.frame_rate)
    for path in (
        folder.frames,
        *(folder.animation.with_name(f"animation.{kind}") for kind in ("gif", "webp")),
    ):
        print(f"{'result':10} {path}")
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Measure a network on clips that were kept for the test, beside what needs no network."""
    folder, snapshot, settings = _open(arguments)
    model = Model.of(snapshot)
    network = model.network
    blueprint = network.blueprint
    data = load_data(settings, blueprint.steps)
    check_data(snapshot, settings, data)
    scores: Scores = reference_errors(data.test, data.probe, blueprint)
    for head, own in network_errors(network, data.test).items():
        scores[head] = {NETWORK: own, **scores[head]}
    errors = report_of(scores, blueprint)
    report = {
        "run": folder.path.name,
        "model": snapshot.path.name,
        "steps": _steps(snapshot),
        "seconds": _seconds(snapshot),
        "clips": len(data.test),
        "data": data.about if settings.test_data is None else str(settings.test_data),
        "per frame": "summed over pixels, averaged over frames and clips, before clipping",
        "errors": errors,
    }
    write_text(folder.report, json.dumps(report, indent=2) + "\n")
    save(draw_steps_ahead(scores, f"{folder.path.name}: errors step by step"), folder.steps_ahead)
    print(f"{len(data.test)} clips to test on, after {_steps(snapshot):,} steps of training\n")
    print(_table(errors))
    print(f"\n{'report':10} {folder.report}\n{'picture':10} {folder.steps_ahead}")
    return 0


def _table(errors: dict[str, Any]) -> str:
    rows = [
        [head, row, *(f"{values[name]:.{DECIMALS.get(name, 1)}f}" for name in HEADINGS)]
        for head, of_head in errors.items()
        for row, values in of_head.items()
    ]
    return text_table(["", "", *HEADINGS.values()], rows)


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


def _steps(snapshot: Snapshot) -> int:
    steps: int = snapshot.metadata["training"]["step"]
    return steps


def _seconds(snapshot: Snapshot) -> float:
    seconds: float = snapshot.metadata["training"]["seconds"]
    return seconds
