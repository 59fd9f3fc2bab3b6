"""A twin of a network, which runs examples for viewers while the network itself is trained.

The twin has histories of its own and the network's parameters, so it computes what the network would at this
moment, and nothing that training relies on is touched. What its backward pass adds to the gradients, which
both share, is cleared at once: between two steps of training they are zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Literal

import numpy as np

from networks import Network
from nn import from_history, to_history
from nn.bfloat16_arrays import widened
from nn.history import LANES
from nn.training.batch import Values, named
from nn.training.losses import AnyLoss, batch_loss
from nn.training.trainable import forget_batch, run
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.examples import Images, entries_of, first_of, select_entries

PART = LANES
"""Entries that run at a time where there are many: a whole vector of histories."""


class Probe:
    """Runs images through a network as it is now.

    Parameters
    ----------
    network
        Whose parameters, activations and clamped neurons the twin always has.
    labels
        As for `workbench.inspect.anatomy.Anatomy`.

    Attributes
    ----------
    twin
        What the images run through.
    anatomy
        Of the twin: its places have the values and signals of the last run.
    """

    def __init__(self, network: Network, labels: Mapping[str, str]) -> None:
        self.network = network
        self.twin = make_twin(network)
        self.twin.propagates = True
        self.twin.parameters.share(network.parameters)
        self.anatomy = Anatomy(self.twin, labels)
        self._inputs = self._input_signals = np.zeros((self.anatomy.input_neurons, 0), np.float32)
        self._outputs: Values = self._inputs

    def run(self, images: Images) -> np.ndarray:
        """Run examples and return what comes out, float32 (n, ...), not clipped."""
        self.synchronise()
        batch = images.batch
        self._inputs = joined(batch.inputs, self.twin)
        with np.errstate(over="ignore", invalid="ignore"):
            self._outputs = run(self.twin, batch)
        forget_batch(self.twin)
        return from_history(first_of(self._outputs), batch.entries)

    @property
    def every_output(self) -> Values:
        """All that came out in the last run, histories (..., N), by name where there are several."""
        return widened(self._outputs)

    def losses(self, images: Images, loss: AnyLoss) -> list[float | None]:
        """Return the loss of each of the examples that were run last; None where it is not finite."""
        found = []
        for entry in range(images.batch.entries):
            one = select_entries(images.batch, 1, entry)
            with np.errstate(over="ignore", invalid="ignore"):
                value, _ = batch_loss(loss, entries_of(self._outputs, 1, entry), one)
            found.append(float(value) if np.isfinite(value) else None)
        return found

    def send_back(self, images: Images, loss: AnyLoss) -> None:
        """Send the error signals of the examples that were run last back through the twin.

        Parameters
        ----------
        images
            Those of the last `run`.
        loss
            Whose slopes the signals are.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            _, signals = batch_loss(loss, self._outputs, images.batch)
        self.send_signals(signals)

    def send_signals(self, signals: Values) -> None:
        """Send signals of the outputs of the last `run`, histories (..., N), back through the twin."""
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                sent = self.twin.backward(signals)  # type: ignore[arg-type]
                self._input_signals = joined(sent, self.twin)
        finally:
            self.network.parameters.zero_gradients()

    def values(self, entry: int) -> np.ndarray:
        """Return the values of the neurons of all layers for one image of the last run, float32."""
        return gather(self.anatomy, "values", self._inputs, entry)

    def signals(self, entry: int) -> np.ndarray:
        """Return their error signals in the last `send_back`, float32."""
        return gather(self.anatomy, "signals", self._input_signals, entry)

    def run_part(self, part: Network, batch: np.ndarray) -> np.ndarray:
        """Run a batch (n, ...) through a part of the twin, float32 (n, ...).

        A few entries at a time, which need no more memory than the examples of the view.
        """
        self.synchronise()
        with np.errstate(over="ignore", invalid="ignore"):
            parts = [
                from_history(widened(part.forward(to_history(some))), len(some))
                for some in (batch[n : n + PART] for n in range(0, len(batch), PART))
            ]
        return np.concatenate(parts)

    def synchronise(self) -> None:
        """Copy what may change in the network beside its parameters: activations and clamped neurons."""
        self.twin.synchronise_with(self.network)


def make_twin(network: Network) -> Network:
    """Return a network like another, with histories of its own, that draws from the same generators."""
    return deepcopy(network, {id(generator): generator for generator in network.generators.values()})


def gather(
    anatomy: Anatomy,
    what: Literal["values", "signals"],
    inputs: np.ndarray | None,
    entry: int,
    layers: Iterable[int] | None = None,
) -> np.ndarray:
    """Collect the values or signals of neurons for one entry of the last pass.

    Parameters
    ----------
    anatomy
        Of the network that ran.
    what
        Which of the two.
    inputs
        Those of all inputs, one after another, (..., N).
    entry
        Number of the history.
    layers
        Those that are collected; all by default.

    Returns
    -------
    ndarray
        float32 (neurons of all layers,), NaN in the layers that are not collected.
    """
    numbers = np.full(anatomy.neurons, np.nan, np.float32)
    for number in range(len(anatomy.layers)) if layers is None else layers:
        layer = anatomy.layers[number]
        own = slice(layer.offset, layer.offset + layer.shape.size)
        if anatomy.is_input(number):
            assert inputs is not None
            numbers[own] = inputs[..., entry].ravel()[own]
        else:
            numbers[own] = getattr(anatomy.neuron_layer(number), what)()[..., entry].ravel()
    return numbers


def joined(values: Values, network: Network) -> np.ndarray:
    """Return the histories (..., N) of a network's inputs one after another: what it shows of them."""
    arrays = [at_its_moment(array, network) for array in named(values).values()]
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate([array.reshape(-1, array.shape[-1]) for array in arrays])


def at_its_moment(values: np.ndarray, network: Network) -> np.ndarray:
    """Return values, or of a network that shows one moment those of that, or of the last that there is."""
    return values[min(network.moment, len(values) - 1)] if network.moments > 1 else values
