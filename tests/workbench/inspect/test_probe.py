"""The twin that runs examples for viewers: it computes what the model would, and changes nothing."""

from typing import Any

import numpy as np
import pytest

from autoencoder.model import AutoEncoder
from autoencoder.session import HALVES
from networks.graph import GraphNetwork
from nn.activations import LeakyReLU
from nn.entries import to_history
from nn.losses import SquaredError
from nn.training.batches import ImageBatches
from tests.support.live_models import ARCHITECTURES, make_images, make_model
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.examples import Images, NamedExamples
from workbench.inspect.probe import Probe, gather

NAMES = [*ARCHITECTURES, "unmixed"]
RUNGS = ["plain", "o1", "o2"]


def some_images(model: AutoEncoder, count: int = 8, *, masked: bool = False) -> Images:
    images = make_images(model, count, masked=masked)
    return NamedExamples(ImageBatches(images.images, images.masks), images.names).at(np.arange(count))


def expected(model: AutoEncoder, images: Images) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Return the results of a separate model: outputs, and values and signals of every layer (..., N)."""
    inputs = to_history(images.values)
    mask = None if images.mask is None else to_history(images.mask)
    outputs = model.network.forward(inputs)
    _, slopes = SquaredError()(outputs, inputs, entries=len(images.values), mask=mask)
    values, signals = [inputs], [model.network.backward(slopes)]
    for network in model.network.layers:
        if isinstance(network, GraphNetwork):
            values += [network.layer_values(layer)[-1] for layer in network.graph.layers[1:]]
            signals += [network.layer_signals(layer)[-1] for layer in network.graph.layers[1:]]
        else:
            values.append(network.values)
            signals.append(network.signals)
    return outputs, values, signals


def flat(layers: list[np.ndarray], entry: int) -> np.ndarray:
    return np.concatenate([layer[..., entry].ravel() for layer in layers])


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("masked", [False, True])
def test_it_gives_what_the_model_gives(name: str, rung: str, masked: bool):
    model, other = make_model(name, rung=rung), make_model(name, rung=rung)
    images = some_images(model, 5, masked=masked)
    outputs, values, signals = expected(other, images)
    probe = Probe(model.network, HALVES)
    found = probe.run(images)
    probe.send_back(images, SquaredError())
    np.testing.assert_array_equal(found, np.moveaxis(outputs[..., :5], -1, 0))
    for entry in range(5):
        np.testing.assert_array_equal(probe.values(entry), flat(values, entry))
        np.testing.assert_array_equal(probe.signals(entry), flat(signals, entry))


@pytest.mark.parametrize("name", NAMES)
def test_the_model_is_left_as_it_was(name: str):
    model = make_model(name, rung="o2")
    images = some_images(model)
    expected(model, images)
    parameters = model.network.parameters
    parameters.values[::3] = -0.0
    parameters.zero_gradients()
    kept = parameters.values.tobytes(), [each.values.tobytes() for each in model.network.layers]
    probe = Probe(model.network, HALVES)
    turned = 1 - images.batch.inputs
    others = images._replace(batch=images.batch._replace(inputs=turned, targets=turned))
    probe.run(others)
    probe.send_back(others, SquaredError())
    assert (parameters.values.tobytes(), [each.values.tobytes() for each in model.network.layers]) == kept
    assert parameters.gradients.tobytes() == bytes(parameters.values.nbytes)


def test_gradients_are_cleared_when_sending_back_fails():
    model = make_model()
    probe, images = Probe(model.network, HALVES), some_images(model)
    probe.run(images)
    model.network.parameters.gradients[3] = 1
    with pytest.raises(ValueError):
        probe.send_signals(np.ones((2, 2, 1, 8), np.float32))
    assert not model.network.parameters.gradients.any()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_sees_changed_parameters(name: str):
    model = make_model(name)
    probe, images = Probe(model.network, HALVES), some_images(model)
    before = probe.run(images)
    model.network.parameters.values[:] *= 1.5
    assert not np.array_equal(probe.run(images), before)
    outputs, values, _ = expected(model, images)
    np.testing.assert_array_equal(probe.run(images), np.moveaxis(outputs[..., :8], -1, 0))
    np.testing.assert_array_equal(probe.values(2), flat(values, 2))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_follows_another_activation(name: str, rung: str):
    model = make_model(name, rung=rung)
    probe, images = Probe(model.network, HALVES), some_images(model)
    before = probe.run(images)
    for network in model.network.layers:
        if isinstance(network, GraphNetwork):
            network.replace_activation(LeakyReLU(0.1), LeakyReLU(0.7))
        elif network.activation == LeakyReLU(0.1):
            network.activation = LeakyReLU(0.7)
    after = probe.run(images)
    assert not np.array_equal(after, before)
    np.testing.assert_array_equal(after, np.moveaxis(expected(model, images)[0][..., :8], -1, 0))


def clamp(anatomy: Anatomy, layer: int, neurons: dict[int, float]) -> None:
    """Clamp neurons of a layer in the middle of a graph, or of a network of one layer."""
    inside = anatomy.neuron_layer(layer)
    assert inside.clamp is not None
    inside.clamp({inside.first + neuron: value for neuron, value in neurons.items()})


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_follows_neurons_that_are_clamped_and_released(name: str, rung: str):
    model = make_model(name, rung=rung)
    anatomy, images = Anatomy(model.network, HALVES), some_images(model)
    probe = Probe(model.network, HALVES)
    before = probe.run(images)
    layer = anatomy.layers[2]
    clamp(anatomy, 2, {1: 2.5})
    clamped = probe.run(images)
    probe.send_back(images, SquaredError())
    assert probe.values(3)[layer.offset + 1] == 2.5
    assert probe.signals(3)[layer.offset + 1] == 0
    assert not np.array_equal(clamped, before)
    clamp(anatomy, 2, {})
    np.testing.assert_array_equal(probe.run(images), before)


@pytest.mark.parametrize("name", NAMES)
def test_codes_and_their_images_are_those_of_the_model(name: str):
    model = make_model(name)
    probe, images = Probe(model.network, HALVES), some_images(model, 37).values
    encoder, decoder = probe.twin.named.values()
    codes = probe.run_part(encoder, images).reshape(len(images), -1)
    np.testing.assert_allclose(codes, model.encode(images), rtol=1e-6, atol=1e-7)
    decoded = np.clip(probe.run_part(decoder, codes.reshape(-1, *model.code_shape)), 0, 1)
    np.testing.assert_allclose(decoded, model.decode(codes), rtol=1e-6, atol=1e-7)


def test_only_chosen_layers_are_gathered():
    model = make_model()
    anatomy = Anatomy(model.network, HALVES)
    inputs = to_history(some_images(model).values)
    model.network.forward(inputs)
    numbers = gather(anatomy, "values", inputs, 1, [0, 3])
    missing: Any = np.isnan(numbers)
    for number, layer in enumerate(anatomy.layers):
        part = missing[layer.offset : layer.offset + layer.shape.size]
        assert part.all() if number not in (0, 3) else not part.any()
