"""What a network makes of films, beside what it read and what it should have made: clips, frame by frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.base.nodes import input_shapes
from nn import BinaryCrossEntropyWithLogits, Loss, Losses, Shape, Sigmoid, VideoShape, from_history
from nn.training.batch import Values, named
from nn.training.losses import AnyLoss
from workbench.inspect.examples import Images, brightness_range, pictures

Clips = dict[str, np.ndarray]
"""Clips by what they are: uint8 (n, steps, height, width, channels)."""

sigmoid = Sigmoid()


def makes_clips(network: Any) -> bool:
    """Return whether all that a network takes and gives are films."""
    shapes = [*input_shapes(network), *(end.output_shape for end in network.named_outputs.values())]
    return all(isinstance(shape, VideoShape) for shape in shapes)


def clips_of(images: Images, outputs: Values, loss: AnyLoss) -> Clips:
    """Return inputs, outputs and targets of some examples as films.

    Parameters
    ----------
    images
        Examples.
    outputs
        What came out for them, histories (T, height, width, channels, N), by name where there are several.
    loss
        Says what outputs are compared with: what is called logits becomes probabilities.

    Returns
    -------
    dict
        Inputs by their names, then every output after its target. Targets that are an input are left out.
    """
    count = len(images.names)
    inputs = {name: from_history(each, count) for name, each in named(images.batch.inputs).items()}
    targets = {name: from_history(each, count) for name, each in named(images.batch.targets).items()}
    unseen = [
        name for name, each in targets.items() if not any(_same(each, read) for read in inputs.values())
    ]
    films = {name or "input": each for name, each in inputs.items()}
    for name, values in named(outputs).items():
        if name in unseen:
            films["truth" if len(unseen) == 1 else f"{name}, truth"] = targets[name]
        films[name or "output"] = from_history(comparable(values, part_of(loss, name)), count)
    span = brightness_range(np.concatenate([each.ravel() for each in inputs.values()]))
    return {name: _drawn(film, span) for name, film in films.items()}


def part_of(loss: AnyLoss, name: str) -> Loss | None:
    """Return the loss of an output; None where it has none."""
    return loss.parts.get(name) if isinstance(loss, Losses) else loss


def comparable(outputs: np.ndarray, loss: Loss | None) -> np.ndarray:
    """Return outputs as what a loss compares with its targets: probabilities in place of logits."""
    if not isinstance(loss, BinaryCrossEntropyWithLogits):
        return outputs
    with np.errstate(over="ignore"):
        probabilities: np.ndarray = sigmoid(outputs)
    return probabilities


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other))


def _drawn(film: np.ndarray, span: tuple[float, float]) -> np.ndarray:
    """Return films (n, T, height, width, channels) as bytes."""
    count, steps = film.shape[:2]
    frames = pictures(film.reshape(count * steps, -1), Shape(*film.shape[2:]), span)
    return frames.reshape(count, steps, *frames.shape[1:])
