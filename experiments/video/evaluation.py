"""The evaluation of a run: errors on test clips beside what needs no network, written, drawn and printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from experiments.video.data import VideoData
from experiments.video.folder import RunFolder
from experiments.video.plots import draw_steps_ahead
from experiments.video.scores import NETWORK, Scores, network_errors, reference_errors, report_of
from networks.video import VideoNetwork
from nn import Snapshot
from nn.render import save
from workbench.files import write_text
from workbench.tables import text_table

DECIMALS = {"mse_per_pixel": 5, "nats_per_pixel": 5}
HEADINGS = {
    "mse_per_pixel": "MSE/pixel",
    "mse_per_frame": "MSE/frame",
    "mse_per_sequence": "MSE/sequence",
    "nats_per_pixel": "nats/pixel",
    "nats_per_frame": "nats/frame",
    "nats_per_sequence": "nats/sequence",
}


def write_evaluation(
    folder: RunFolder, network: VideoNetwork, data: VideoData, snapshot: Snapshot, tested: str
) -> dict[str, Any]:
    """Measure a network on the clips to test on, write the results, and return them.

    Parameters
    ----------
    folder
        Of the run.
    network, snapshot
        What is measured, and what it is from.
    data
        The clips.
    tested
        What those to test on are, for people.
    """
    blueprint = network.blueprint
    scores: Scores = reference_errors(data.test, data.probe, blueprint)
    for head, own in network_errors(network, data.test).items():
        scores[head] = {NETWORK: own, **scores[head]}
    report: dict[str, Any] = {
        "run": folder.path.name,
        "model": snapshot.path.name,
        "steps": steps_of(snapshot),
        "seconds": snapshot.metadata["training"]["seconds"],
        "clips": len(data.test),
        "data": tested,
        "per frame": "summed over pixels, averaged over frames and clips, before clipping",
        "errors": report_of(scores, blueprint),
    }
    save(draw_steps_ahead(scores, f"{folder.path.name}: errors step by step"), folder.steps_ahead)
    write_text(folder.report, json.dumps(report, indent=2) + "\n")
    return report


def error_table(errors: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Return the errors of a report as a table: a row for the network, and for each of what needs none."""
    rows = [
        [head, row, *(f"{values[name]:.{DECIMALS.get(name, 1)}f}" for name in HEADINGS)]
        for head, of_head in errors.items()
        for row, values in of_head.items()
    ]
    return text_table([["", "", *HEADINGS.values()], *rows])


def steps_of(snapshot: Snapshot) -> int:
    """Return how many steps of training a snapshot has seen."""
    steps: int = snapshot.metadata["training"]["step"]
    return steps
