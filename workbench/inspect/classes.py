"""What a classifier makes of many examples: which class it finds for each, and which it should."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import Trainer, from_history
from workbench.inspect.answers import CATEGORICAL, labels_of
from workbench.inspect.examples import Images, first_of
from workbench.inspect.probe import PART, Probe
from workbench.inspect.view import Viewed

MOST = 2000
"""Examples that are run at most: the first ones, of held-out data where there are some."""


def classifies(trainer: Trainer) -> bool:
    """Return whether a trainer teaches its network to find one class for an example."""
    outputs = trainer.network.named_outputs
    if len(outputs) != 1 or not isinstance(trainer.loss, CATEGORICAL):
        return False
    shape = tuple(next(iter(outputs.values())).output_shape)
    return int(np.prod(shape)) == shape[-1] > 1


def find_classes(session: Viewed, probe: Probe) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Run examples of a session through its network.

    Returns
    -------
    header
        `step`, `source` of the examples, how many `classes` there are.
    arrays
        `found` and `wanted`, int32 (n,), the classes; `margins`, float32 (n,), by how much the output of the
        class that was found is above that of the wanted one: 0 where it is right.
    """
    source = "held_out" if "held_out" in session.examples else "training"
    examples = session.examples[source]
    count = min(MOST, len(examples))
    parts = [np.arange(start, min(start + PART, count)) for start in range(0, count, PART)]
    seen = [_classes_of(examples.at(part), probe) for part in parts]
    found, wanted, margins = (np.concatenate(each) for each in zip(*seen, strict=True))
    header = {
        "step": session.trainer.step,
        "source": source,
        "classes": int(session.network.output_shape[-1]),
    }
    arrays = {"found": found.astype(np.int32), "wanted": wanted.astype(np.int32)}
    return header, {**arrays, "margins": margins.astype(np.float32)}


def _classes_of(images: Images, probe: Probe) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    outputs = probe.run(images)
    outputs = outputs.reshape(len(outputs), -1)
    targets = from_history(first_of(images.batch.targets), len(outputs))
    wanted = labels_of(targets, len(outputs)).astype(np.int64)
    found = outputs.argmax(axis=1)
    rows = np.arange(len(outputs))
    return found, wanted, outputs[rows, found] - outputs[rows, wanted]
