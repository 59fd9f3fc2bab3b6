"""The status of a run, as JSON-able values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numba

from nn import Moment, Trainer
from nn.training.log import LogRow
from nn.training.memory import Memory, estimate
from workbench.inspect.anatomy import Anatomy
from workbench.run.session import Session

Row = TypeVar("Row")

MOST_ROWS = 500
"""Most epochs in a curve: more than a chart can show."""


def describe_layers(anatomy: Anatomy, repeats: bool) -> list[dict[str, Any]]:
    """Describe the layers, inputs first; where outputs repeat inputs, both are pictures."""
    outputs = [anatomy.outputs(number) for number in range(len(anatomy.layers))]
    several = sum(each is not None for each in outputs) > 1
    return [
        {
            "name": part.name,
            "kind": part.kind,
            "shape": list(part.shape),
            "neurons": part.shape.size,
            "connections": anatomy.connections(number),
            "activation": _activation(anatomy, number),
            "code": number == anatomy.code,
            "output": outputs[number] is not None,
            "output_names": list(outputs[number] or ()) if several else [],
            "grey": anatomy.is_pictured(number) or (outputs[number] is not None and repeats),
            "sources": list(anatomy.sources(number)),
            "window": anatomy.window(number, 0) is not None,
            "clampable": not anatomy.is_input(number) and anatomy.neuron_layer(number).clamp is not None,
        }
        for number, part in enumerate(anatomy.layers)
    ]


def _activation(anatomy: Anatomy, number: int) -> str | None:
    activation = None if anatomy.is_input(number) else anatomy.activation(number)
    return None if activation is None else activation.name


def describe_network(anatomy: Anatomy, architecture: str, parameters: int, memory: Memory) -> dict[str, Any]:
    """Describe a network: its architecture in words, its sizes, and the memory that training takes."""
    return {
        "architecture": architecture,
        "neurons": anatomy.neurons - anatomy.input_neurons,
        "connections": sum(anatomy.connections(number) for number in range(len(anatomy.layers))),
        "parameters": parameters,
        "memory": memory.parts,
    }


def describe_session(session: Session) -> dict[str, Any]:
    """Describe data, network and machine."""
    anatomy, trainer, about = session.steering.anatomy, session.trainer, session.describe()
    batch_size = min(trainer.batch_size, len(trainer.batches))
    memory = estimate(trainer.network, trainer.optimizer, batch_size, about["data"]["bytes"])
    return {
        "layers": describe_layers(anatomy, about["repeats"]),
        "data": about["data"],
        "network": describe_network(anatomy, about["architecture"], trainer.network.parameters.size, memory),
        "machine": {**about["machine"], "threads": numba.get_num_threads()},
        "image": list(anatomy.layers[0].shape),
        "live": about["live"],
    }


def describe_settings(session: Session) -> dict[str, str]:
    """Return the texts of all settings by key."""
    return {name.replace("_", "-"): text for name, text in session.texts().items()}


def describe_progress(trainer: Trainer, row: LogRow | None) -> dict[str, Any]:
    """Return the status of training; `row` is the last that was measured."""
    return {
        "step": trainer.step,
        "epoch": trainer.shuffle.epochs,
        "epochs": trainer.limits.epochs,
        "seconds": trainer.clock.seconds,
        "loss": trainer.log.last_loss,
        "training_loss": row.training_loss if row else None,
        "held_out_loss": row.held_out_loss if row else None,
        "metrics": dict(row.metrics) if row else {},
        "learning_rate": learning_rate(trainer),
    }


def learning_rate(trainer: Trainer) -> float:
    """Return the rate of the next step, schedule included."""
    epochs = trainer.shuffle.epochs
    progress = trainer.limits.progress(epochs, trainer.clock.seconds)
    return trainer.optimizer.learning_rate * trainer.schedule(Moment(progress, epochs, trainer.step))


def describe_curve(trainer: Trainer) -> dict[str, Any]:
    """Return the curve of the loss, which is thinned as it grows, and rows of at most MOST_ROWS epochs."""
    curve = trainer.log.curve
    rows = [[row.step, row.training_loss, row.held_out_loss, row.seconds] for row in thinned(trainer.rows)]
    return {"steps": list(curve.steps), "losses": list(curve.losses), "rows": rows}


def thinned(rows: Sequence[Row]) -> list[Row]:
    """Return all rows, every second, every fourth and so on from the first, and the last."""
    stride = 1
    while len(rows) > (MOST_ROWS - 1) * stride:
        stride *= 2
    return [*rows[:-1:stride], *rows[-1:]]
