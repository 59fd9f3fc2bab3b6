"""JAX, compiled by XLA, where it is installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numba
import numpy as np

from benchmarks.row import BACKWARD, BOTH, FORWARD, STEP, Peer, assert_agreement

if find_spec("jax") is None:
    jax = None
else:
    # XLA creates its threads when it is loaded, as many as set here.
    os.environ.setdefault("NPROC", str(numba.config.NUMBA_NUM_THREADS))
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    from jax import numpy as jnp

NAME = "JAX"
TOLERANCE = 2e-4


class JaxLayer(NamedTuple):
    """A function of arrays in JAX's layout; the fields are those of `TorchLayer`."""

    function: Callable[..., Any]
    leaves: Sequence[np.ndarray]
    arrange: Callable[[np.ndarray], np.ndarray] | None


class JaxTraining(NamedTuple):
    """A model with the batch that it learns from.

    Attributes
    ----------
    model
        `model(leaves, inputs)` returns the outputs.
    leaves
        The parameters of ours, in JAX's layout.
    inputs, targets
        In JAX's layout.
    learning_rate
        Of Adam.
    """

    model: Callable[[list[Any], Any], Any]
    leaves: Sequence[np.ndarray]
    inputs: np.ndarray
    targets: np.ndarray
    learning_rate: float


def layer_peers(layer: JaxLayer, outputs: np.ndarray) -> dict[str, Callable[[], Peer]]:
    """Return a layer to be compared with our outputs."""
    return {} if jax is None else {NAME: partial(_layer_peer, layer, outputs)}


def _layer_peer(layer: JaxLayer, outputs: np.ndarray) -> Peer:
    leaves = [jnp.asarray(array) for array in layer.leaves]
    function = jax.jit(layer.function)
    output, pull = jax.jit(lambda *leaves: jax.vjp(layer.function, *leaves))(*leaves)
    signals = jnp.ones_like(output)
    back = jax.jit(lambda pull, signals: pull(signals))
    both = jax.jit(lambda signals, *leaves: jax.vjp(layer.function, *leaves)[1](signals))
    calls = {
        FORWARD: lambda: jax.block_until_ready(function(*leaves)),
        BACKWARD: lambda: jax.block_until_ready(back(pull, signals)),
        BOTH: lambda: jax.block_until_ready(both(signals, *leaves)),
    }

    def check() -> None:
        if layer.arrange is not None:
            assert_agreement("JAX", np.asarray(function(*leaves)), layer.arrange(outputs), TOLERANCE)

    return Peer(calls, check)


def training_peers(training: JaxTraining, losses: Sequence[float]) -> dict[str, Callable[[], Peer]]:
    """Return a training step to be compared with our first losses."""
    return {} if jax is None else {NAME: partial(_training_peer, training, losses)}


def _training_peer(training: JaxTraining, losses: Sequence[float]) -> Peer:
    inputs, targets = jnp.asarray(training.inputs), jnp.asarray(training.targets)
    state = start(training.leaves)
    update = jax.jit(adam_step(training.model, training.learning_rate), donate_argnums=0)

    def step() -> Any:
        nonlocal state
        state, loss = update(state, inputs, targets)
        return jax.block_until_ready(loss)

    found = [float(step()) for _ in losses]
    return Peer({STEP: step}, lambda: assert_agreement("JAX", np.array(found), np.array(losses), TOLERANCE))


def start(leaves: Sequence[np.ndarray]) -> tuple[Any, ...]:
    """Return parameters, their two moments and the number of steps."""
    arrays = [jnp.array(leaf) for leaf in leaves]
    return arrays, [jnp.zeros_like(a) for a in arrays], [jnp.zeros_like(a) for a in arrays], jnp.float32(0)


def adam_step(model: Callable[[list[Any], Any], Any], rate: float) -> Callable[..., Any]:
    """Return loss, gradients and Adam as a function of state and batch (Kingma and Ba 2015, algorithm 1)."""

    def loss_of(leaves: list[Any], inputs: Any, targets: Any) -> Any:
        return jnp.mean((model(leaves, inputs) - targets) ** 2)

    def step(state: tuple[Any, ...], inputs: Any, targets: Any) -> Any:
        leaves, means, squares, steps = state
        steps += 1
        loss, gradients = jax.value_and_grad(loss_of)(leaves, inputs, targets)
        means = [0.9 * m + 0.1 * g for m, g in zip(means, gradients, strict=True)]
        squares = [0.999 * s + 0.001 * g * g for s, g in zip(squares, gradients, strict=True)]
        first, second = 1 - 0.9**steps, 1 - 0.999**steps
        leaves = [
            leaf - rate * (m / first) / (jnp.sqrt(s / second) + 1e-8)
            for leaf, m, s in zip(leaves, means, squares, strict=True)
        ]
        return (leaves, means, squares, steps), loss

    return step


def versions() -> Mapping[str, str]:
    """Return JAX's version, where there is one."""
    return {} if jax is None else {"JAX": jax.__version__}
