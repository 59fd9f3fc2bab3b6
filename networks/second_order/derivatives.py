"""Derivatives of activations times signals, on the kernels where arrays fill whole vectors."""

from __future__ import annotations

import numpy as np

from nn.activations import Activation, Identity
from nn.history import LANES
from nn.kernels.core.activations import multiply_by_derivative
from nn.kernels.elementwise import multiply_by_derivative_parallel

WORTH_A_REGION = 100_000
"""Numbers from which a parallel region pays."""


def times_derivative(activation: Activation, values: np.ndarray, signals: np.ndarray) -> np.ndarray:
    """Return f' where the activation has produced `values`, times signals; all of one shape and dtype."""
    if isinstance(activation, Identity):
        return signals
    if signals.shape[-1] % LANES or values.dtype != signals.dtype:
        return activation.derivative(values) * signals
    flat = (np.ascontiguousarray(each).reshape(-1) for each in (values, signals))
    product = np.empty(signals.shape, signals.dtype)
    run = multiply_by_derivative_parallel if product.size >= WORTH_A_REGION else multiply_by_derivative
    run(activation.code, signals.dtype.type(activation.slope), *flat, product.reshape(-1))
    return product
