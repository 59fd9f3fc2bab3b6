"""Kernels of the graph's rung o1: one neuron after another, one thread, plain loops over the histories.

Histories are rows (steps * neurons, N): neuron i has its value of step t in row `base + i` with
`base = (lead + t) * neurons`. The `lead` steps in front are zeros, one for each step of the longest
delay, so reading values from before the start needs no check.
"""

from typing import NamedTuple

import numpy as np

from nn.kernels.core.activations import activate, multiply_by_derivative
from nn.kernels.core.compilation import kernel
from nn.kernels.core.sums import sum_of


class Neurons(NamedTuple):
    """Neurons in the order of computation: what stands at a position belongs to `neuron`.

    `bias` is the number of a bias or -1; `slope` is the parameter of the activation `code`.
    """

    neuron: np.ndarray
    kind: np.ndarray
    code: np.ndarray
    slope: np.ndarray
    bias: np.ndarray


class Incoming(NamedTuple):
    """Connections compressed into rows: those into the neuron at position p are starts[p] to starts[p + 1].

    `source` is the source neuron less `delay * neurons`: added to `base`, the row that is read.
    `weight` is the number of a weight, or -1 for a fixed 1.
    """

    starts: np.ndarray
    source: np.ndarray
    weight: np.ndarray


class Trained(NamedTuple):
    """Weights and biases, or their gradients."""

    weights: np.ndarray
    biases: np.ndarray


INPUT = 0
SUM = 1


@kernel
def weight_of(incoming, weights, k):
    """Return the weight of connection k."""
    number = incoming.weight[k]
    return weights[number] if number >= 0 else weights.dtype.type(1)


@kernel
def add_terms(incoming, weights, values, base, position, total):
    """Add weight * value of every connection to `total`."""
    for k in range(incoming.starts[position], incoming.starts[position + 1]):
        weight = weight_of(incoming, weights, k)
        source = values[base + incoming.source[k]]
        for n in range(total.size):
            total[n] += weight * source[n]


@kernel
def multiply_terms(incoming, weights, values, base, position, total):
    """Multiply `total` by weight * value of every connection."""
    for k in range(incoming.starts[position], incoming.starts[position + 1]):
        weight = weight_of(incoming, weights, k)
        source = values[base + incoming.source[k]]
        for n in range(total.size):
            total[n] *= weight * source[n]


@kernel(separately=True)
def forward(neurons, incoming, trained, values, nudges, lead):
    """Compute the values of all steps. `nudges` is added to them, (steps * neurons, N) or empty."""
    count = neurons.neuron.size
    for base in range(lead * count, values.shape[0], count):
        for position in range(count):
            neuron = neurons.neuron[position]
            row = values[base + neuron]
            if neurons.kind[position] == SUM:
                bias = neurons.bias[position]
                row[:] = trained.biases[bias] if bias >= 0 else 0
                add_terms(incoming, trained.weights, values, base, position, row)
            elif neurons.kind[position] != INPUT:
                row[:] = 1
                multiply_terms(incoming, trained.weights, values, base, position, row)
            activate(neurons.code[position], neurons.slope[position], row)
            if nudges.size:
                row += nudges[base - lead * count + neuron]


@kernel
def push(incoming, trained, gradients, values, signals, row, k, slope):
    """Add the share of connection k to the gradient of its weight and to the signal of its source.

    `row` is the one that the connection reads, `slope` is dLoss / d term.
    """
    weight = weight_of(incoming, trained.weights, k)
    total = values.dtype.type(0)
    for n in range(slope.size):
        total += slope[n] * values[row, n]
        signals[row, n] += weight * slope[n]
    if incoming.weight[k] >= 0:
        gradients.weights[incoming.weight[k]] += total


@kernel
def product_slopes(incoming, weights, values, base, position, delta, slopes):
    """Write delta times all other terms for every connection into a product, one row each.

    The products of the terms before come first, then those of the terms after, which `delta` collects.
    """
    first = incoming.starts[position]
    terms = incoming.starts[position + 1] - first
    if terms:
        slopes[0] = 1
    for j in range(1, terms):
        weight = weight_of(incoming, weights, first + j - 1)
        source = values[base + incoming.source[first + j - 1]]
        for n in range(delta.size):
            slopes[j, n] = slopes[j - 1, n] * weight * source[n]
    for j in range(terms - 1, -1, -1):
        weight = weight_of(incoming, weights, first + j)
        source = values[base + incoming.source[first + j]]
        for n in range(delta.size):
            slopes[j, n] *= delta[n]
            delta[n] *= weight * source[n]


@kernel(separately=True)
def backward(neurons, incoming, trained, gradients, values, signals, lead, scratch):
    """Compute the signals of all steps and add the gradients.

    `signals` starts with those of the outputs. `scratch` has a row for a delta and one for every
    connection into the largest product.
    """
    count = neurons.neuron.size
    delta = scratch[0]
    for base in range(values.shape[0] - count, lead * count - 1, -count):
        for position in range(count - 1, -1, -1):
            if neurons.kind[position] == INPUT:
                continue
            code, slope = neurons.code[position], neurons.slope[position]
            row = base + neurons.neuron[position]
            multiply_by_derivative(code, slope, values[row], signals[row], delta)
            if neurons.bias[position] >= 0:
                gradients.biases[neurons.bias[position]] += sum_of(delta)
            product = neurons.kind[position] != SUM
            if product:
                product_slopes(incoming, trained.weights, values, base, position, delta, scratch[1:])
            first = incoming.starts[position]
            for k in range(first, incoming.starts[position + 1]):
                slope_row = scratch[1 + k - first] if product else delta
                push(incoming, trained, gradients, values, signals, base + incoming.source[k], k, slope_row)
