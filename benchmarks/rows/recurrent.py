"""Rows of the recurrent networks: images row by row, a short series, text-like sequences, a large one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks import jax_peer
from benchmarks.jax_peer import JaxLayer
from benchmarks.layer_row import Layer, layer_row
from benchmarks.row import BACKWARD, BOTH, FORWARD, Row
from benchmarks.torch_peer import TorchLayer, torch
from networks import FAMILIES, Network
from nn import SequenceShape


def rows() -> list[Row]:
    """Return the rows of the LSTM and of the gated recurrent unit."""
    return [
        recurrent_row("lstm", (24, 6, 24, 128), headline=(BOTH,)),
        recurrent_row("lstm", (28, 28, 128, 64), headline=(BOTH,)),
        recurrent_row("lstm", (20, 64, 256, 32), headline=(BOTH,)),
        recurrent_row("lstm", (10, 1024, 512, 32), headline=(BOTH,)),
        recurrent_row("gru", (24, 6, 24, 128)),
        recurrent_row("gru", (28, 28, 128, 64)),
    ]


def recurrent_row(family: str, sizes: tuple[int, int, int, int], headline: Sequence[str] = ()) -> Row:
    """Return the row of a network; the sizes are steps, features, units and histories."""
    steps, features, units, histories = sizes
    build = partial(build_recurrent, family, sizes)
    layer = Layer(build, partial(torch_recurrent, family), _jax_lstm if family == "lstm" else None)
    return layer_row(
        family,
        f"{steps} steps of {features} to {units} units",
        histories,
        layer,
        directions=(FORWARD, BACKWARD, BOTH),
        headline=headline,
    )


def build_recurrent(family: str, sizes: tuple[int, int, int, int], rung: str) -> Network:
    """Return a recurrent network; the sizes are steps, features, units and histories."""
    shape = SequenceShape(*sizes[:2])
    kind = FAMILIES[family].rungs[rung]
    network: Network = kind(shape, units=sizes[2], generator=np.random.default_rng(0))
    return network


def as_sequences(values: np.ndarray) -> np.ndarray:
    """Turn histories (steps, features, N) into (steps, N, features), the favourite order of both peers."""
    return values.transpose(0, 2, 1)


def _arrays(network: Network) -> list[np.ndarray]:
    """Return input weights, recurrent weights and the two biases that PyTorch has."""
    named = {name.rsplit(".", 1)[-1]: network.parameters[name] for name in network.parameters.names}
    second = np.zeros_like(named["biases"])
    if "recurrent_biases" in named:
        second[-len(named["recurrent_biases"]) :] = named["recurrent_biases"]
    return [named["input_weights"], named["recurrent_weights"], named["biases"], second]


def torch_recurrent(family: str, network: Any, values: np.ndarray) -> TorchLayer:
    """Return `nn.LSTM` or `nn.GRU` with the parameters of ours."""
    module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[family](values.shape[1], network.units)
    with torch.no_grad():
        for parameter, array in zip(module.parameters(), _arrays(network), strict=True):
            parameter.copy_(torch.from_numpy(array))

    def layer(batch: Any, *_: Any) -> Any:
        return module(batch)[0]

    return TorchLayer(layer, [as_sequences(values), *module.parameters()], as_sequences)


def _jax_lstm(network: Any, values: np.ndarray) -> JaxLayer:
    """The equations in a `lax.scan`, with the products of the inputs of all steps made at once before."""
    jax = jax_peer.jax
    jnp, units = jax.numpy, network.units

    def layer(batch: Any, weights: Any, recurrent: Any, biases: Any) -> Any:
        def step(state: tuple[Any, Any], sums: Any) -> Any:
            hidden, cells = state
            i, f, g, o = jnp.split(sums + hidden @ recurrent.T, 4, axis=1)
            cells = jax.nn.sigmoid(f) * cells + jax.nn.sigmoid(i) * jnp.tanh(g)
            hidden = jax.nn.sigmoid(o) * jnp.tanh(cells)
            return (hidden, cells), hidden

        start = jnp.zeros((batch.shape[1], units))
        return jax.lax.scan(step, (start, start), batch @ weights.T + biases)[1]

    return JaxLayer(layer, [as_sequences(values), *_arrays(network)[:3]], as_sequences)
