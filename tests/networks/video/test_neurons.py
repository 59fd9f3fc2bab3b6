"""The neurons of a network of videos: at every moment they are what their connections sum up to."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from networks.base.wiring import NeuronLayer, sources_within
from networks.video.network import FUTURE, INPUT
from nn.activations import Identity, Sigmoid, Tanh
from tests.support.video_networks import KINDS, clips_for, network

SIGMOID, TANH = Sigmoid(), Tanh()
ENTRY = 1


def made_of(kind: str, reads: str = "own", rung: str = "o2", **others: Any) -> Any:
    made = network(kind, reads, rung=rung, dtype=np.float64, **others)
    for name in made.parameters.names:
        if "peepholes" in name:
            made.parameters[name][...] = 0
    return made


def values_at(made: Any, clip: np.ndarray, moment: int) -> list[np.ndarray]:
    """Return the values of the inputs and of all layers at a moment, of one entry."""
    made.moment = moment
    steps = made.blueprint.steps_in, made.blueprint.steps_out
    parts = clip[: steps[0]], clip[steps[0] :]
    inputs = [part[min(moment, len(part) - 1)] for part in parts[: len(made.input_shapes)]]
    return [each[..., ENTRY].ravel() for each in (*inputs, *(layer.values() for layer in made.wiring()))]


def sums(made: Any, layer: NeuronLayer, read: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """Return weights times what is read, now and a step before, and biases."""
    parameters = made.parameters.values
    biases = layer.wiring.biases()
    total = np.where(biases < 0, 0.0, parameters[biases + layer.start])
    seen = [(layer.wiring, read)] if before is None else [(layer.wiring, read), (layer.delayed, before)]
    for wiring, values in seen:
        assert wiring is not None
        for neuron in range(wiring.targets):
            each = wiring.incoming(neuron).shifted(layer.start)
            total[neuron] += each.weights(parameters) @ values[each.neurons]
    return total


def activated(layer: NeuronLayer, total: np.ndarray) -> np.ndarray:
    if layer.name.endswith("gates"):
        gates = total.reshape(*layer.shape[:2], 4, -1)
        parts = [TANH(gates[:, :, n]) if n == 2 else SIGMOID(gates[:, :, n]) for n in range(4)]
        return np.stack(parts, axis=2).ravel()
    activation = layer.activation() or Identity()
    factor = 2.0 if layer.outputs else 1.0
    return np.asarray(activation(factor * total))


def steps_before(made: Any, name: str, moment: int) -> int | None:
    """Return the moment of the step before, None where that is the first or is not shown."""
    blueprint = made.blueprint
    stage = name.partition(".")[0]
    if stage == "decoder":
        turned = blueprint.backwards
        other = moment + 1 if turned else moment - 1
        return other if 0 <= other < blueprint.steps_in and moment < blueprint.steps_in else None
    last = blueprint.steps_in if stage == "encoder" else blueprint.steps_out
    return moment - 1 if 0 < moment < last else None


@pytest.mark.parametrize(
    ("reads", "training"), [("own", True), ("true", False), ("true", True), ("zeros", False)]
)
@pytest.mark.parametrize("rung", ["plain", "o2"])
@pytest.mark.parametrize("kind", KINDS)
def test_neurons_are_what_their_connections_sum_up_to(kind: str, reads: str, rung: str, training: bool):
    made = made_of(kind, reads, rung)
    clip, steps = clips_for(made), made.blueprint.steps_in
    made.forward({INPUT: clip[:steps], FUTURE: clip[steps:]} if reads == "true" else clip[:steps], training)
    inputs = len(made.input_shapes)
    seen = [values_at(made, clip, moment) for moment in range(made.moments)]
    assert made.moments == 3
    checked = 0
    for number, layer in enumerate(made.wiring(), inputs):
        sources = sources_within(made.wiring(), inputs, range(inputs))[number - inputs]
        if not sources or layer.name.endswith("hidden"):
            continue
        delayed = number + 1 if layer.delayed_from is None else layer.delayed_from + inputs
        for moment in range(made.moments):
            before = None
            if layer.delayed is not None:
                earlier = steps_before(made, layer.name, moment)
                if earlier is None:
                    continue
                before = seen[earlier][delayed]
            read = np.concatenate([seen[moment][source] for source in sources])
            found = activated(layer, sums(made, layer, read, before))
            np.testing.assert_allclose(found, seen[moment][number], rtol=1e-5, atol=1e-6)
            checked += 1
    assert checked > 10


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_head_reads_is_what_it_made_before(kind: str):
    made = made_of(kind)
    clip, steps = clips_for(made), made.blueprint.steps_in
    made.forward(clip[:steps])
    layers = {layer.name: layer for layer in made.wiring()}
    numbers = {layer.name: number for number, layer in enumerate(made.wiring())}
    frames: dict[str, list[np.ndarray]] = {name: [] for name in layers}
    for moment in range(made.moments):
        made.moment = moment
        for name, layer in layers.items():
            frames[name].append(layer.values()[..., ENTRY].ravel())
    for reads, makes, order in (
        ("decoder.reads", "reconstruction", (2, 1, 0)),
        ("predictor.reads", "prediction", (0, 1)),
    ):
        layer = layers[reads]
        assert layer.delayed_from == numbers[makes] and layer.delayed is not None
        wired = [layer.delayed.incoming(neuron).neurons[0] for neuron in range(layer.shape.size)]
        for earlier, later in pairwise(order):
            np.testing.assert_array_equal(frames[reads][later], frames[makes][earlier][wired])
    outputs = made.frames(made.values)
    for name in ("reconstruction", "prediction"):
        shown = np.stack(frames[name])[: len(outputs[name])]
        np.testing.assert_allclose(shown, outputs[name][..., ENTRY].reshape(len(shown), -1))
    assert not frames["decoder.reads"][2].any()
    first = layers["predictor.reads"]
    last = clip[steps - 1, ..., ENTRY].ravel()
    if made.blueprint.patch == 1:
        np.testing.assert_array_equal(frames["predictor.reads"][0], last)
    assert first.shape == made.blueprint.folded


@pytest.mark.parametrize("kind", KINDS)
def test_heads_begin_with_the_hidden_values_of_the_encoder(kind: str):
    made = made_of(kind)
    made.forward(clips_for(made)[: made.blueprint.steps_in])
    layers = made.wiring()
    hidden = [number for number, layer in enumerate(layers) if layer.name.endswith("hidden")]
    count = made.blueprint.layers
    for stage in range(1, 3):
        for of_encoder, of_head in zip(hidden[:count], hidden[stage * count :][:count], strict=True):
            layer = layers[of_head]
            assert layer.sources == (of_head - 1, of_encoder)
            gates, size = layers[of_head - 1].shape.size, layer.shape.size
            for neuron in (0, size - 1):
                assert gates + neuron in layer.wiring.incoming(neuron).neurons
                assert layer.wiring.outgoing(gates + neuron).neurons.tolist() == [neuron]
            assert layer.wiring.count == 5 * size


@pytest.mark.parametrize("reads", ["own", "true", "zeros", "sampled"])
@pytest.mark.parametrize("rung", ["plain", "o2"])
@pytest.mark.parametrize("kind", KINDS)
def test_signals_are_those_of_the_last_backward(kind: str, rung: str, reads: str):
    made = network(kind, reads, rung=rung, dtype=np.float64)
    clip, steps = clips_for(made), made.blueprint.steps_in
    named = {INPUT: clip[:steps], FUTURE: clip[steps:]}
    outputs = made.forward(named if reads in ("true", "sampled") else clip[:steps], True)
    signals = {name: np.cos(np.arange(each.size)).reshape(each.shape) for name, each in outputs.items()}
    made.backward(signals)
    for moment in range(made.moments):
        made.moment = moment
        for layer in made.wiring():
            found = layer.signals()[..., ENTRY]
            assert found.size == layer.shape.size
            if layer.outputs:
                given = signals[layer.name][min(moment, len(signals[layer.name]) - 1), ..., ENTRY]
                np.testing.assert_array_equal(found.reshape(given.shape), given)
            elif "writer" in layer.name or (layer.name.endswith("gates") and layer.family == "lstm"):
                assert np.isfinite(found).all() and found.any()
