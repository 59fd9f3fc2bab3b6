"""The neurons of a network of videos at one moment: frames, gates and hidden values of encoder and heads.

    input ──> encoder: reader, gates, hidden, ... ─┐ states
              what the decoder reads ──> reader, gates, hidden, ..., writer ──> reconstruction
              what the predictor reads ──> reader, gates, hidden, ..., writer ──> prediction

Moment t has frame t of what was read and of what each head made, the last one where there are fewer. What
comes from the step before is delayed: hidden values, and the frame that a head made and reads next. Hidden
values of a head begin with those that the encoder had at its end: fixed connections between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from networks.base.wiring import (
    Connections,
    Listed,
    NeuronLayer,
    OneToOne,
    Unconnected,
    Wiring,
    as_image,
    sources_within,
)
from networks.video.blueprint import LASTS, Blueprint
from networks.video.outputs import fold, unfold
from nn.parameters import Parameters

if TYPE_CHECKING:
    from networks.video.head import Head
    from networks.video.network import VideoNetwork
    from networks.video.stage import Stage

STAGES = {"reconstruction": "decoder", "prediction": "predictor"}
"""What makes what."""

Step = Callable[[], int]


class HandedOn(Wiring):
    """Neurons that follow from others, and begin with those of another layer, one by one.

    Parameters
    ----------
    wiring
        From the first source.
    others
        How many neurons that has.
    """

    def __init__(self, wiring: Wiring, others: int) -> None:
        super().__init__(wiring.targets)
        self._wiring, self._others = wiring, others

    @property
    def count(self) -> int:
        """One more for every neuron."""
        return self._wiring.count + self.targets

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        found = self._wiring.incoming(neuron).neurons
        return Connections.fixed(np.append(found, self._others + neuron))

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        if neuron < self._others:
            return self._wiring.outgoing(neuron)
        return Connections.fixed(np.array([neuron - self._others]))


def neurons_of(network: VideoNetwork) -> list[NeuronLayer]:
    """Return the layers of a network of videos; see `Network.wiring`."""
    layers: list[NeuronLayer] = [_patches(network)] if network.blueprint.patch > 1 else []
    read = len(layers) - 1
    layers += _chain("encoder", network.encoder, network.parameters, read, partial(_step_read, network))
    states = [number for number, layer in enumerate(layers) if layer.name.endswith("hidden")]
    for name, head in network.heads.items():
        layers += _head(network, name, head, len(layers), states)
    return layers


def _step_read(network: VideoNetwork) -> int:
    """Return which of the frames read is looked at."""
    return min(network.moment, network.blueprint.steps_in - 1)


def _patches(network: VideoNetwork) -> NeuronLayer:
    """Return the squares of the frame that is read, each as a pixel."""
    blueprint = network.blueprint

    def values() -> np.ndarray:
        return network.read[_step_read(network)]

    return NeuronLayer(
        shape=blueprint.folded,
        wiring=Listed(_folding(blueprint)),
        values=values,
        signals=lambda: np.full_like(values(), np.nan),
        name="encoder.patches",
        family="reshape",
        sources=(-1,),
    )


def _folding(blueprint: Blueprint) -> np.ndarray:
    """Return the number in a frame of every number of the folded one, int64 (numbers, 1)."""
    numbers = np.arange(blueprint.frame.size).reshape(1, *blueprint.frame, 1)
    return fold(numbers, blueprint.patch).reshape(-1, 1)


def _chain(name: str, stage: Stage, parameters: Parameters, read: int, step: Step) -> list[NeuronLayer]:
    """Return the layers of a stage, which come after the layer that the first of them reads.

    Parameters
    ----------
    name
        Of the stage.
    stage, parameters
        Whose they are, and of the whole network.
    read
        Number in the whole network of what is read.
    step
        Which is looked at.
    """
    layers: list[NeuronLayer] = []
    for part_name, part in zip(stage.part_names, stage.parts, strict=True):
        number, inside = read + 1 + len(layers), part.neurons(step)
        start = part.network.parameters.start_within(parameters)
        for layer, sources in zip(inside, sources_within(inside, number, [number - 1]), strict=True):
            joined = ".".join(filter(None, (name, part_name)))
            layers.append(layer.within(joined, start, sources=sources))
    return layers


def _head(
    network: VideoNetwork, name: str, head: Head, first: int, states: Sequence[int]
) -> list[NeuronLayer]:
    """Return what a head reads, its layers, and what it makes.

    Parameters
    ----------
    network, name, head
        Which.
    first
        Number of the first of them in the whole network.
    states
        Numbers of the hidden values with which its own begin.
    """

    def frame() -> int:
        return min(network.moment, head.steps - 1)

    def step() -> int:
        return head.steps - 1 - frame() if network.turns(name) else frame()

    chain = _chain(STAGES[name], head.stage, network.parameters, first, step)
    of_hidden = iter(states)
    for number, layer in enumerate(chain):
        if layer.name.endswith("hidden"):
            assert layer.sources is not None
            handed = HandedOn(layer.wiring, chain[number - 1].shape.size)
            chain[number] = replace(layer, wiring=handed, sources=(*layer.sources, next(of_hidden)))
    last = first + 1 + len(chain)
    return [_read(network, name, head, step, last), *chain, _made(network, name, head, step, frame)]


def _read(network: VideoNetwork, name: str, head: Head, step: Step, last: int) -> NeuronLayer:
    """Return what a head reads: after the first step what it made before, where it reads frames."""
    blueprint, shape = network.blueprint, head.shape_read
    of_made = OneToOne(shape.size) if blueprint.patch == 1 else Listed(_folding(blueprint))
    return NeuronLayer(
        shape=as_image(shape),
        wiring=Unconnected(shape.size),
        values=lambda: head.read_at(step()),
        signals=lambda: np.full_like(head.read_at(step()), np.nan),
        name=f"{STAGES[name]}.reads",
        family="frame",
        delayed=None if blueprint.inputs == "zeros" else of_made,
        delayed_from=None if blueprint.inputs == "zeros" else last,
        sources=(),
        pictured=blueprint.patch == 1,
    )


def _made(network: VideoNetwork, name: str, head: Head, step: Step, frame: Step) -> NeuronLayer:
    """Return the frame that a head makes; its signals are those of the output of the network."""
    blueprint = network.blueprint
    turned = np.argsort(_folding(blueprint).ravel()).reshape(-1, 1)
    return NeuronLayer(
        shape=blueprint.frame,
        wiring=OneToOne(blueprint.frame.size) if blueprint.patch == 1 else Listed(turned),
        values=lambda: unfold(head.frames[step()][None], blueprint.patch)[0],
        signals=lambda: network.signals_of(name)[frame()],
        activation=lambda: LASTS.get(blueprint.last),
        name=name,
        family="frame",
        outputs=(name,),
        pictured=True,
    )
