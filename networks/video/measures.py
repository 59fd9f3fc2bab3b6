"""Errors of frames in units that say which.

    squared error     sum over the pixels of a frame of (y - t)², pixels from 0 to 1 whatever range trains,
                      y as the network gives it, before any clipping (the convention of OpenSTL: Tan et al.
                      2023)
    nats              sum over the pixels of a frame of -(t log y + (1 - t) log(1 - y)): the cross-entropy

both averaged over frames and entries. Of a pixel it is that divided by the numbers of a frame, of a sequence
that times the frames of a sequence.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from networks.video.blueprint import Blueprint
from networks.video.network import VideoNetwork
from networks.video.outputs import LastActivation
from nn.masks import active_entries
from nn.metrics import Metric
from nn.training import BatchSource, Losses, evaluate
from nn.training.losses import OutputMetric

ERRORS = ("mse", "nats")
UNITS = ("pixel", "frame", "sequence")


class FrameMeasure(Metric):
    """An error per frame; see the module.

    Parameters
    ----------
    blueprint
        Of the network whose outputs are added.
    """

    higher_is_better = False

    def __init__(self, blueprint: Blueprint) -> None:
        self._logits, self._limits = blueprint.gives_logits, blueprint.limits
        self._last = LastActivation(blueprint)
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self._sum, self._frames = 0.0, 0

    def add(
        self,
        outputs: np.ndarray,
        targets: np.ndarray,
        entries: int | None = None,
        mask: np.ndarray | None = None,
    ) -> None:
        """Add a batch of outputs and true frames (T, height, width, channels, N); masks are refused."""
        if outputs.shape != targets.shape or mask is not None:
            raise ValueError(f"outputs {outputs.shape}, targets {targets.shape}: frames without a mask fit")
        entries = active_entries(outputs.shape[-1], entries)
        self._sum += self._error(outputs[..., :entries], self._scaled(targets[..., :entries]))
        self._frames += len(outputs) * entries

    def value(self) -> float:
        """Return the mean over frames; NaN when nothing was added."""
        return self._sum / self._frames if self._frames else math.nan

    def _scaled(self, frames: np.ndarray) -> np.ndarray:
        """Return frames in the range of the blueprint as 0 to 1."""
        low, high = self._limits
        return frames if (low, high) == (0, 1) else (frames - low) / (high - low)

    @abstractmethod
    def _error(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """Return the sum over all numbers, given outputs as they are and true frames of 0 to 1."""


class SquaresPerFrame(FrameMeasure):
    """Squared error per frame."""

    name = "mse_per_frame"

    def _error(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        difference = self._scaled(self._last.frames(outputs)) - targets
        difference *= difference
        return float(difference.sum(dtype=np.float64))


class NatsPerFrame(FrameMeasure):
    """Cross-entropy per frame.

    Where the outputs are no logits, frames are kept the `epsilon` of their dtype within 0 and 1.
    """

    name = "nats_per_frame"

    def _error(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        if self._logits:
            losses = np.log1p(np.exp(-np.abs(outputs)))
            losses += np.maximum(outputs, 0)
            losses -= outputs * targets
        else:
            epsilon = np.finfo(outputs.dtype).eps
            frames = np.clip(self._scaled(self._last.frames(outputs)), epsilon, 1 - epsilon)
            losses = -targets * np.log(frames)
            losses -= (1 - targets) * np.log1p(-frames)
        return float(losses.sum(dtype=np.float64))


def head_metrics(blueprint: Blueprint) -> list[Metric]:
    """Return both errors of every head, called after it where there are two: `prediction_mse_per_frame`."""
    kinds = (SquaresPerFrame, NatsPerFrame)
    if len(blueprint.heads) == 1:
        return [kind(blueprint) for kind in kinds]
    return [OutputMetric(name, kind(blueprint)) for name in blueprint.heads for kind in kinds]


def in_all_units(error: str, per_frame: float, blueprint: Blueprint, head: str) -> dict[str, float]:
    """Return an error per frame in all units by name: `mse_per_pixel` and so on.

    Parameters
    ----------
    error
        "mse" or "nats".
    per_frame
        Its value.
    blueprint, head
        Whose frames these are.
    """
    factors = 1 / blueprint.frame.size, 1.0, float(blueprint.steps_of(head))
    return {f"{error}_per_{unit}": per_frame * factor for unit, factor in zip(UNITS, factors, strict=True)}


def measure(network: VideoNetwork, source: BatchSource, batch_size: int = 64) -> dict[str, dict[str, float]]:
    """Return both errors of every head over a source, in all units, by head and name.

    Parameters
    ----------
    network
        Runs as outside training, on its own output where it reads frames.
    source
        Of batches as `ClipBatches` gives them.
    batch_size
        Clips at a time.
    """
    blueprint = network.blueprint
    losses: Any = head_losses(blueprint)
    found: Mapping[str, float | None] = evaluate(
        network, losses, source, batch_size, head_metrics(blueprint)
    ).metrics
    table: dict[str, dict[str, float]] = {}
    for head in blueprint.heads:
        prefix = f"{head}_" if len(blueprint.heads) > 1 else ""
        table[head] = {}
        for error in ERRORS:
            value = found[f"{prefix}{error}_per_frame"]
            per_frame = math.nan if value is None else value
            table[head] |= in_all_units(error, per_frame, blueprint, head)
    return table


def head_losses(blueprint: Blueprint, weights: Mapping[str, float] | None = None) -> Any:
    """Return the loss to train on: that of the head, or those of both with their weights, 1 by default.

    Each is a mean over pixels, frames and entries.

    Raises
    ------
    ValueError
        When a weight belongs to no head, or is negative or not finite.
    """
    parts = dict.fromkeys(blueprint.heads, blueprint.head_loss)
    losses = Losses(parts, weights)
    return losses if len(parts) > 1 else blueprint.head_loss
