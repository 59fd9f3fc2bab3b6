"""The gradient penalty of Wasserstein critics against PyTorch's double backward."""

import numpy as np
import pytest

from networks import LSTM, Convolution, Dense, MinibatchDeviation, Sequential
from networks.second_order import InputGradients
from nn import Identity, LeakyReLU, SequenceShape, Shape, Tanh

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("one_thread")


def by_torch(network, values, critic):
    """Gradients of the mean over entries of (|d D / d x| - 1)², the norm over all axes of an entry."""
    x = torch.tensor(values, requires_grad=True)
    names = network.parameters.names
    weights = {name: torch.tensor(network.parameters[name], requires_grad=True) for name in names}
    (gradients,) = torch.autograd.grad(critic(x, weights).sum(), x, create_graph=True)
    norms = gradients.flatten(0, -2).norm(dim=0)
    ((norms - 1) ** 2).mean().backward()
    return {name: each.grad.numpy() for name, each in weights.items() if each.grad is not None}


def by_hand(network, values):
    gradients = InputGradients(network)
    outputs = gradients.forward(values, training=True)
    g = gradients.backward(np.ones_like(outputs))
    norms = np.sqrt((g**2).reshape(-1, g.shape[-1]).sum(axis=0))
    gradients.add_penalty(2 * (norms - 1) / norms * g / len(norms), np.zeros_like(outputs))
    return network.parameters


def check(network, values, critic):
    wanted, found = by_torch(network, values, critic), by_hand(network, values)
    assert len(wanted) >= 2
    for name in network.parameters.names:
        gradient = wanted.get(name, 0)  # biases that the input gradients do not depend on
        assert np.allclose(found.gradient(name), gradient, rtol=1e-8, atol=1e-11), name


def build(shape, *layers):
    generator = np.random.default_rng(0)
    return Sequential(shape, list(layers), generator=generator, dtype=np.float64)


def score(p, hidden, prefix):
    return p[prefix + ".weights"] @ hidden + p[prefix + ".biases"][:, None]


def test_a_dense_critic():
    network = build(Shape(1, 1, 6), Dense.of(8, activation=Tanh()), Dense.of(1, activation=Identity()))
    values = np.random.default_rng(1).normal(size=(1, 1, 6, 7))
    check(network, values, lambda x, p: score(p, torch.tanh(score(p, x[0, 0], "0")), "1"))


def test_a_convolutional_critic():
    layers = [
        Convolution.of(channels=3, kernel=3, stride=2, padding=1, activation=LeakyReLU(0.2)),
        Dense.of(1, activation=Identity()),
    ]
    network = build(Shape(6, 6, 2), *layers)
    values = np.random.default_rng(1).normal(size=(6, 6, 2, 5))

    def critic(x, p):
        weights = p["0.weights"].permute(0, 3, 1, 2)
        images = x.permute(3, 2, 0, 1)
        sums = torch.nn.functional.conv2d(images, weights, p["0.biases"], stride=2, padding=1)
        hidden = torch.nn.functional.leaky_relu(sums, 0.2).permute(2, 3, 1, 0).reshape(-1, x.shape[-1])
        return score(p, hidden, "1")

    check(network, values, critic)


def test_an_lstm_critic():
    network = build(
        SequenceShape(6, 3), LSTM.of(units=5, whole_sequence=False), Dense.of(1, activation=Identity())
    )
    values = np.random.default_rng(1).normal(size=(6, 3, 7))

    def critic(x, p):
        h, c = torch.zeros(5, 7, dtype=x.dtype), torch.zeros(5, 7, dtype=x.dtype)
        own = {name.removeprefix("0.layer_0.forward."): each for name, each in p.items()}
        for step in x:
            sums = own["input_weights"] @ step + own["recurrent_weights"] @ h + own["biases"][:, None]
            i, f, g, o = sums.chunk(4)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return score(p, h, "1")

    check(network, values, critic)


def test_a_critic_that_is_told_the_deviation_of_groups():
    """The gradient of the sum of all scores with respect to an entry goes through those of its group too."""
    layers = [
        Dense.of(8, activation=Tanh()),
        MinibatchDeviation.of(group=3),
        Dense.of(1, activation=Identity()),
    ]
    network = build(Shape(1, 1, 6), *layers)
    values = np.random.default_rng(1).normal(size=(1, 1, 6, 9))

    def critic(x, p):
        hidden = torch.tanh(score(p, x[0, 0], "0"))
        groups = hidden.reshape(8, 3, 3)
        statistics = torch.sqrt(groups.var(dim=-1, unbiased=False) + 1e-8).mean(dim=0)
        return score(p, torch.cat([hidden, statistics.repeat_interleave(3)[None]]), "2")

    check(network, values, critic)
