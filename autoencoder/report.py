"""Output of the command line about a model and its training."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from autoencoder.architecture import plan_architecture
from autoencoder.layer_views import LayerView, layer_views
from autoencoder.memory import estimate_memory
from autoencoder.model import AutoEncoder
from autoencoder.session import Session
from nn import Callback, Trainer
from nn.byte_sizes import format_bytes
from nn.threads import threads
from workbench.tables import text_table

PERCENTILES = (0, 1, 10, 25, 50, 75, 90, 99, 100)


class EpochLines(Callback):
    """Prints a line for every epoch, for where a progress bar cannot be drawn."""

    def __init__(self) -> None:
        self._started_at = 0.0

    def on_start(self, trainer: Trainer) -> None:
        """Begin the first epoch."""
        self._started_at = time.monotonic()

    def on_epoch(self, trainer: Trainer) -> None:
        """Print its line."""
        now = time.monotonic()
        row = trainer.rows[-1]
        loss = "" if row.training_loss is None else f"loss {row.training_loss:.6f}  "
        held_out = "" if row.held_out_loss is None else f"held-out {row.held_out_loss:.6f}  "
        rate = len(trainer.batches) / max(now - self._started_at, 1e-9)
        print(
            f"epoch {round(row.epoch):4}  {loss}{held_out}{rate:8,.0f} images/s",
            flush=True,
        )
        self._started_at = now


def describe_run(session: Session) -> str:
    """Print the images, the network, the memory and the machine of a training."""
    settings, model = session.settings, session.model
    skipped = f", {len(session.training.skipped)} files skipped" if session.training.skipped else ""
    size = session.training.size_in_bytes + session.held_out.size_in_bytes
    memory = estimate_memory(settings, plan_architecture(settings))
    stored = "" if settings.storage == "float32" else f" in {settings.storage}"
    lines = {
        "images": f"{len(session.training):,} to train on, {len(session.held_out):,} held out{skipped}; "
        f"{model.shape}, {format_bytes(size)}",
        "network": describe_network(model),
        "memory": f"{format_bytes(memory.total)}: {memory}",
        "machine": f"{threads}, rung {settings.rung}{stored}, seed {settings.seed}",
    }
    if session.decided:
        lines["few images"] = describe_decisions(session)
    return "\n".join(f"{name:10} {text}" for name, text in lines.items())


def describe_decisions(session: Session) -> str:
    """Print a line about settings chosen because there are few images."""
    settings, decided = session.settings, session.decided
    parts = []
    if "start_from" in decided and settings.start_from == "principal":
        parts.append("the network starts as their principal components")
    if "shifts" in decided and settings.shifts:
        parts.append(f"sees them shifted by up to {settings.shifts} pixels")
    if "keep" in decided:
        apart = "" if len(session.held_out) else ", for every tenth of them, from which it does not learn"
        parts.append(f"keeps the best epoch{apart}")
    return ", ".join(parts) or "nothing is done about it, as the settings say"


def describe_network(model: AutoEncoder) -> str:
    """Print a line about the network."""
    views = list(layer_views(model))
    code = sum(view.name.startswith("encoder") for view in views) - 1
    shapes = [
        f"code {view.output_shape}" if n == code else f"{view.output_shape}" for n, view in enumerate(views)
    ]
    chain = " > ".join([str(model.shape), *shapes])
    connections = sum(view.weights.size for view in views)
    return f"{model.settings.architecture}, {chain}; {connections:,} connections"


def describe_model(model: AutoEncoder) -> str:
    """Return the tables of `info`: layers, memory, and percentiles of weights and biases."""
    memory = estimate_memory(model.settings, plan_architecture(model.settings))
    views = list(layer_views(model))
    sizes = [(name, format_bytes(part)) for name, part in [*memory.parts.items(), ("total", memory.total)]]
    memory_table = text_table(sizes, (0,))
    parts = [_layer_table(views), f"memory to train in batches of {model.settings.batch_size}", memory_table]
    for kind in ("weights", "biases"):
        parts += [f"percentiles of {kind}", _percentile_table(views, kind)]
    return "\n\n".join(parts)


def _layer_table(views: Sequence[LayerView]) -> str:
    rows: list[Sequence[str]] = [
        ("layer", "family", "input", "output", "neurons", "connections", "parameters")
    ]
    for view in views:
        shapes = str(view.input_shape), str(view.output_shape)
        rows.append((view.name, view.family, *shapes, *(f"{count:,}" for count in view.counts)))
    totals = np.sum([view.counts for view in views], axis=0)
    rows.append(("total", "", "", "", *(f"{count:,}" for count in totals)))
    return text_table(rows, range(4))


def _percentile_table(views: Sequence[LayerView], kind: str) -> str:
    rows: list[Sequence[str]] = [("layer", *(f"{percent} %" for percent in PERCENTILES))]
    for view in views:
        numbers = np.percentile(getattr(view, kind), PERCENTILES)
        rows.append((view.name, *(f"{number:.4f}" for number in numbers)))
    return text_table(rows, (0,))
