"""A twin of a network that runs images to be looked at, while the network itself is trained.

The twin has histories of its own and the network's parameters, so it computes what the network would at this
moment, and nothing that training relies on is touched. What its backward pass adds to the gradients,
which the two share, is cleared at once: between two steps of training they are zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np

from networks.base.network import Network
from networks.graph import GraphNetwork
from networks.sequential import Sequential
from nn.bfloat16_arrays import widened
from nn.graph.neuron import Kind as NeuronKind
from nn.history import LANES, from_history, to_history
from nn.training.batch import Batch
from nn.training.losses import AnyLoss, batch_loss
from workbench.inspect.anatomy import Anatomy, Place
from workbench.inspect.view import Images

PART = LANES
"""Images that run at a time where there are many: as many as histories have room for anyway."""


class Probe:
    """Runs images through a network as it is now.

    Parameters
    ----------
    network
        Its parameters, activations and held neurons are followed.
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
        self.twin.store_as(network.storage)
        self.twin.parameters.share(network.parameters)
        self.anatomy = Anatomy(self.twin, labels)
        self._inputs = self._input_signals = np.zeros((*network.input_shape, 0), np.float32)

    def run(self, images: Images) -> np.ndarray:
        """Run images and return what comes out, float32 (n, height, width, channels), not clipped."""
        self.follow()
        self._inputs = to_history(images.values)
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = widened(self.twin.forward(self._inputs))
        return from_history(outputs, len(images.values))

    def send_back(self, images: Images, outputs: np.ndarray, loss: AnyLoss) -> None:
        """Send the error signals of the images that were run last back through the twin.

        Parameters
        ----------
        images, outputs
            Those of the last `run`.
        loss
            Whose slopes the signals are.
        """
        mask = None if images.mask is None else to_history(images.mask)
        batch = Batch(self._inputs, self._inputs, mask, len(images.values))
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                _, signals = batch_loss(loss, to_history(outputs), batch)
                self._input_signals = self.twin.backward(signals)  # type: ignore[arg-type]
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

        A few entries at a time, which need no more room than the images that are looked at.
        """
        self.follow()
        with np.errstate(over="ignore", invalid="ignore"):
            parts = [
                from_history(widened(part.forward(to_history(some))), len(some))
                for some in (batch[n : n + PART] for n in range(0, len(batch), PART))
            ]
        return np.concatenate(parts)

    def follow(self) -> None:
        """Take over what may change in the network beside its parameters: activations and held neurons."""
        _follow(self.network, self.twin)


def make_twin(network: Network) -> Network:
    """Return a network of the same class and description, with parameters of its own."""
    if isinstance(network, Sequential):
        return Sequential({name: make_twin(part) for name, part in network.named.items()})
    kind: Any = type(network)
    built: Network = kind.from_configuration(
        network.to_configuration(), network.structure(), dtype=network.dtype
    )
    return built


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
        Which of both.
    inputs
        Those of the input image, (height, width, channels, N).
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
        array = inputs if number == 0 else _histories(anatomy.place(number), what)
        assert array is not None
        part = numbers[layer.offset : layer.offset + layer.shape.size]
        part[:] = array[..., entry].ravel()
        if number and what == "signals":
            part[_held_in_graph(anatomy.place(number))] = 0
    return numbers


def _histories(place: Place, what: str) -> np.ndarray:
    """Return the values or signals of a layer that computes in the last pass, (..., N)."""
    array: np.ndarray = getattr(place.network, what)
    return array if place.layer is None else array[-1, place.layer.span]


def _held_in_graph(place: Place) -> list[int]:
    """Return which neurons of a graph's layer are held: it keeps what they are told, which goes nowhere."""
    if place.layer is None or not isinstance(place.network, GraphNetwork):
        return []
    return [neuron - place.layer.first for neuron in place.network.held if neuron in place.layer.neurons]


def _follow(theirs: Network, own: Network) -> None:
    if isinstance(theirs, Sequential) and isinstance(own, Sequential):
        for name, part in theirs.named.items():
            _follow(part, own.named[name])
        if theirs.held != own.held:
            for name in own.named:
                own.hold(name, theirs.held.get(name, {}))
    elif isinstance(theirs, GraphNetwork) and isinstance(own, GraphNetwork):
        _follow_activations(theirs, own)
        if theirs.held != own.held:
            own.hold(theirs.held)
    elif own.activation is not None and own.activation != theirs.activation:
        own.activation = theirs.activation


def _follow_activations(theirs: GraphNetwork, own: GraphNetwork) -> None:
    """Replace what neurons of a graph apply: those with one activation have one together there, too."""
    before, after = own.graph.applied, theirs.graph.applied
    if before.activations == after.activations:
        return
    computing = np.flatnonzero(own.graph.kinds != NeuronKind.INPUT)
    numbers, firsts = np.unique(before.numbers[computing], return_index=True)
    for number, neuron in zip(numbers, computing[firsts], strict=True):
        if before.activations[number] != after.of(neuron):
            own.replace_activation(before.activations[number], after.of(neuron))
