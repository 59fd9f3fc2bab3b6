"""What the tests of clamped neurons share: gradients of the whole network against central differences."""

from collections.abc import Iterator

import numpy as np

from networks.base.network import Network

EPSILON = 1e-6


def loss_of(outputs: np.ndarray) -> tuple[float, np.ndarray]:
    """Return a loss in which every output has a signal of its own, and those signals."""
    weights = np.cos(np.arange(1, outputs.size + 1)).reshape(outputs.shape)
    return float((outputs * (weights + outputs / 2)).sum()), weights + outputs


def numeric(network: Network, inputs: np.ndarray, array: np.ndarray) -> Iterator[float]:
    """Yield the central differences of the loss by every entry of an array that the network reads."""
    flat = array.reshape(-1)
    for place, value in enumerate(flat.tolist()):
        ends = []
        for moved in (value + EPSILON, value - EPSILON):
            flat[place] = moved
            ends.append(loss_of(network.forward(inputs))[0])
        flat[place] = value
        yield (ends[0] - ends[1]) / (2 * EPSILON)


def check_clamped_gradients(network: Network, inputs: np.ndarray) -> np.ndarray:
    """Compare all gradients, of parameters and inputs, with central differences; return the former."""
    inputs = inputs.copy()
    network.parameters.zero_gradients()
    _, signals = loss_of(network.forward(inputs))
    input_signals = network.backward(signals).copy()
    gradients = network.parameters.gradients.copy()
    for array, analytic in ((network.parameters.values, gradients), (inputs, input_signals)):
        expected = np.array(list(numeric(network, inputs, array))).reshape(analytic.shape)
        np.testing.assert_allclose(analytic, expected, rtol=0, atol=1e-7 * np.abs(expected).max())
    return gradients
