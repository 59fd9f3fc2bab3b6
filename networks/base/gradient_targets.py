"""Where the gradients of a backward pass go: into the gradients, or directly into the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn.parameters import Parameters


def apply_gradient(
    parameters: Parameters, name: str, gradient: np.ndarray, learning_rate: float | None
) -> None:
    """Add a gradient to the gradients, or apply it directly when there is a learning rate.

    Nothing is done where gradients are kept.
    """
    if not parameters.collects_gradients:
        return
    if learning_rate is None:
        parameters.gradient(name)[...] += gradient
    else:
        parameters[name][...] -= float(learning_rate) * gradient


def gradient_targets(
    parameters: Parameters, learning_rate: float | None
) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return the arrays that a kernel adds the gradients of weights and biases to, and the factor."""
    (weights, biases), factor = named_targets(parameters, ["weights", "biases"], learning_rate)
    return weights, biases, factor


def named_targets(
    parameters: Parameters, names: Sequence[str], learning_rate: float | None
) -> tuple[list[np.ndarray], Any]:
    """Return the arrays that a kernel adds the gradients of the named arrays to, and the factor.

    The factor is zero where gradients are kept; the heavier kernels then leave out their products.
    """
    flat, factor = flat_target(parameters, learning_rate)
    return [parameters.view(flat, name) for name in names], factor


def flat_target(parameters: Parameters, learning_rate: float | None) -> tuple[np.ndarray, Any]:
    """Return the flat array that a kernel adds all gradients to, and the factor; see `named_targets`."""
    if learning_rate is None:
        return parameters.gradients, parameters.dtype.type(1 if parameters.collects_gradients else 0)
    return parameters.values, np.asarray(-learning_rate, parameters.dtype)[()]
