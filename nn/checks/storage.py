"""Gradient check of bfloat16 storage: a network in bfloat16 compared with itself in float32.

bfloat16 has 8 bits, so a central difference would be lost in rounding. The float32 gradients are compared
with central differences by `nn.checks.gradients`, in float64; here those of bfloat16 are compared with them,
at the same parameters, inputs and signals, all rounded to bfloat16 first:

    | stored - float32 |  <=  roundings * 2^-8 * | float32 |      for outputs and every array of gradients

in the Euclidean norm. The error of a rounding is at most 2^-8 of a number, on average 0.4 of that; between
two layers there is one rounding forwards, and two backwards.

    report = check_storage(network, inputs)
    report.raise_if_wrong()
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from nn.bfloat16 import BFLOAT16, UNIT_ROUNDOFF
from nn.bfloat16_arrays import converted, widened
from nn.checks.report import Comparison, Report
from nn.named_shapes import entry_name
from nn.training.random_state import generator_state, set_generator_state

ROUNDINGS = 4
"""Roundings of each layer: of its values, deltas and input signals, and one for its sums of rounded numbers.
Weights are rounded beforehand."""

SMALLEST = 0.1
"""Gradients that nearly cancel out are measured against this share of those of the other parameters."""

SMALLEST_NORMAL = 2.0**-126


def check_storage(
    network: Any, inputs: np.ndarray, *, training: bool = False, tolerance: float | None = None
) -> Report:
    """Compare a network's outputs and gradients in bfloat16 storage with those in float32.

    Parameters
    ----------
    network
        Any `networks.base.network.Network` in float32 whose rung has both storages. Parameters, gradients,
        storage, state and generators are restored afterwards; where values of the last forward are needed a
        copy is checked, see `networks.base.network.Network.inference`.
    inputs
        Input values (*input_shape, N), float32.
    training
        Check the network in training mode; both runs draw the same numbers.
    tolerance
        Largest error relative to the norm; by default 4 roundings for each layer, 4 / 256 of one.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        When the network cannot store bfloat16.
    """
    if tolerance is None:
        tolerance = ROUNDINGS * len(network.leaves) * UNIT_ROUNDOFF
    given = inputs if network.labels is not None else rounded(inputs)
    with network.inference(with_batch=True) as checked, _as_it_was(checked):
        checked.parameters.values[:] = rounded(checked.parameters.values)
        single = _results(checked, "float32", given, None, training)
        stored = _results(checked, "bfloat16", given, single["outputs"], training)
    names = [name for name in single if name != "inputs" or network.labels is None]
    least = SMALLEST * max((_spread(single[name]) for name in network.parameters.names), default=0.0)
    return Report([_compare(name, stored[name], single[name], least) for name in names], tolerance)


def rounded(values: np.ndarray) -> np.ndarray:
    """Return float32 numbers rounded to bfloat16, as float32."""
    return converted(converted(values, BFLOAT16), np.dtype(np.float32))


def _results(
    network: Any, storage: str, inputs: np.ndarray, outputs: np.ndarray | None, training: bool
) -> dict[str, np.ndarray]:
    """Run forward and backward; signals are weights plus outputs: given ones, or those of this run."""
    network.store_as(storage)
    with _same_draws(network):
        network.parameters.zero_gradients()
        found = widened(network.forward(inputs, training)).copy()
        weights = np.cos(np.arange(1, found.size + 1)).reshape(found.shape)
        signals = rounded((weights + (found if outputs is None else outputs)).astype(np.float32))
        input_signals = widened(network.backward(signals)).copy()
    gradients = {name: network.parameters.gradient(name).copy() for name in network.parameters.names}
    return {"outputs": found, "inputs": input_signals, **gradients}


@contextmanager
def _same_draws(network: Any) -> Iterator[None]:
    """Restore generators and carried states after a run."""
    draws = {name: generator_state(each) for name, each in network.generators.items()}
    carried = {name: array.copy() for name, array in network.state().items()}
    try:
        yield
    finally:
        for name, state in draws.items():
            set_generator_state(network.generators[name], state)
        network.load_state(carried)


@contextmanager
def _as_it_was(network: Any) -> Iterator[None]:
    parameters, storage = network.parameters, network.storage
    values, gradients = parameters.values.copy(), parameters.gradients.copy()
    try:
        yield
    finally:
        parameters.values[:], parameters.gradients[:] = values, gradients
        network.store_as(storage)


def _spread(array: np.ndarray) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64)))) if array.size else 0.0


def _compare(kind: str, stored: np.ndarray, single: np.ndarray, least: float) -> Comparison:
    differences = np.abs(stored.astype(np.float64) - single)
    scale = max(_spread(single), least if kind not in ("outputs", "inputs") else 0.0, SMALLEST_NORMAL)
    worst = int(np.argmax(differences))
    return Comparison(
        kind=kind,
        checked=single.size,
        kinks=0,
        error=float(np.nan_to_num(_spread(differences) / scale, nan=np.inf)),
        scale=scale,
        worst=entry_name(kind, single.shape, worst),
        analytic=float(stored.ravel()[worst]),
        numeric=float(single.ravel()[worst]),
        reference="float32",
    )
