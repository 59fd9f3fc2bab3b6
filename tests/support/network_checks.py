"""Checks of every rung of every ladder, written once: the tests of each family call these."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from networks.base.network import Network
from networks.ladder import FAMILIES, network_from_configuration
from nn.bfloat16_arrays import widened
from nn.checks import gradients

Build = Callable[..., Network]
"""Builds the network under test: `build(rung class, dtype)`; the same parameters every time."""


def example_of(family: str, rung: str = "o2", dtype: str = "float32") -> Network:
    """Build a family's example on a rung, with the contents of a model around it."""
    known = FAMILIES[family]
    made = known.example(known.rungs[rung], generator=np.random.default_rng(0), dtype=dtype)
    configuration, structure = made.to_configuration(), made.structure()
    network = network_from_configuration(configuration, structure, rung_name=rung, dtype=dtype)
    network.parameters.copy_from(made.parameters)
    return network


def numbers(network: Network, histories: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw input values, or labels, and output signals that fit a network."""
    generator = np.random.default_rng(seed)
    shape = (*network.input_shape, histories)
    drawn = (
        generator.normal(size=shape)
        if network.labels is None
        else generator.integers(network.labels, size=shape)
    )
    values = drawn.astype(network.dtype)
    signals = generator.normal(size=(*network.output_shape, histories)).astype(network.dtype)
    return values, signals


def pass_through(
    network: Network, values: np.ndarray, signals: np.ndarray, training: bool = False
) -> dict[str, np.ndarray]:
    """Run forward and backward once from zero gradients, and copy all results."""
    network.parameters.zero_gradients()
    outputs = network.forward(values, training).copy()
    input_signals = network.backward(signals).copy()
    gradients = {name: network.parameters.gradient(name).copy() for name in network.parameters.names}
    return {"outputs": outputs, "input signals": input_signals, **gradients}


def assert_close(
    found: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float, least: float = 0.0
) -> None:
    """Compare arrays by name, relative to the largest number in each, or to `least` where that is larger."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].shape == array.shape, name
        error, largest = np.abs(found[name] - array).max(), max(np.abs(array).max(), least)
        assert error <= tolerance * largest, f"{name}: off by {error:.1e} of {largest:.1e}"


def check_gradients(network: Network, histories: int) -> None:
    """Compare all gradients with central differences, some of each kind where there are many."""
    inputs, _ = numbers(network, histories)
    gradients.check_gradients(network, inputs, sample=30, generator=np.random.default_rng(1)).raise_if_wrong()


def check_same_as_plain(network: Network, plain: Network, histories: int, tolerance: float) -> None:
    """Compare values, signals and gradients of a rung with the plain one's.

    Gradients are sums over the batch that may cancel out: they are compared relative to the largest of all.
    """
    network.parameters.copy_from(plain.parameters)
    values, signals = numbers(plain, histories)
    found, expected = (pass_through(each, values, signals) for each in (network, plain))
    gradients = [{name: each.pop(name) for name in plain.parameters.names} for each in (found, expected)]
    assert_close(found, expected, tolerance)
    assert_close(*gradients, tolerance, least=np.abs(plain.parameters.gradients).max(initial=0.0))
    assert np.array_equal(network.values, network.forward(values))
    assert np.array_equal(network.signals, signals)


def check_same_as_graph(network: Network, graph: Network, tolerance: float) -> None:
    """Compare a layer with a graph built with the same seed: initial parameters, values, gradients."""
    for name in ("weights", "biases"):
        assert np.array_equal(network.parameters[name].ravel(), graph.parameters[name])
    values, signals = numbers(network, 2)
    found, expected = (pass_through(each, values, signals) for each in (network, graph))
    found |= {name: found[name].ravel() for name in ("weights", "biases")}
    assert_close(found, expected, tolerance)


def check_learning_rate(build: Build, kind: Any, dtype: Any, histories: int, tolerance: float) -> None:
    """Descend in the same pass, and by hand along the gradients: the parameters must be the same."""
    by_hand, at_once = build(kind, dtype), build(kind, dtype)
    values, signals = numbers(by_hand, histories)
    expected = pass_through(by_hand, values, signals)
    by_hand.parameters.values[:] -= by_hand.dtype.type(0.1) * by_hand.parameters.gradients
    outputs = at_once.forward(values).copy()
    input_signals = at_once.backward(signals, learning_rate=0.1).copy()
    assert np.array_equal(outputs, expected["outputs"])
    assert np.array_equal(input_signals, expected["input signals"])
    parameters = [{"parameters": each.parameters.values} for each in (at_once, by_hand)]
    assert_close(*parameters, tolerance)
    assert not at_once.parameters.gradients.any()


def check_gradients_add_up(network: Network, histories: int, tolerance: float) -> None:
    """Run backward for two batches without clearing the gradients in between."""
    batches = [numbers(network, histories, seed) for seed in (0, 1)]
    alone = [pass_through(network, *batch) for batch in batches]
    expected = {name: sum(each[name] for each in alone) for name in network.parameters.names}
    network.parameters.zero_gradients()
    for values, signals in batches:
        network.forward(values)
        network.backward(signals)
    found = {name: network.parameters.gradient(name) for name in expected}
    assert_close(found, expected, tolerance)


def check_number_of_histories(network: Network, tolerance: float) -> None:
    """Run batches of several sizes in turn: the outputs of each entry are those it has alone."""
    values, signals = numbers(network, 33)
    whole = pass_through(network, values, signals)
    for entries in (1, 15, 16, 17, 33):
        part = pass_through(network, values[..., :entries], signals[..., :entries])
        for name in ("outputs", "input signals"):
            assert_close({name: part[name]}, {name: whole[name][..., :entries]}, tolerance)


def check_threads(network: Network, histories: int) -> None:
    """Run with one thread and with all: the bits must be the same."""
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("needs two threads")
    values, signals = numbers(network, histories)
    threads = numba.get_num_threads()
    try:
        results = []
        for count in (1, numba.config.NUMBA_NUM_THREADS):
            numba.set_num_threads(count)
            results.append(pass_through(network, values, signals))
    finally:
        numba.set_num_threads(threads)
    for name, array in results[0].items():
        assert np.array_equal(array, results[1][name]), name


def check_nan_is_not_hidden(network: Network, histories: int = 20) -> None:
    """Feed one NaN: the outputs that see it, and no other entry of the batch, must show it."""
    values, _ = numbers(network, histories)
    values.reshape(-1, histories)[0, 3] = np.nan
    spoiled = np.isnan(network.forward(values))
    assert spoiled[..., 3].any()
    assert not np.delete(spoiled, 3, axis=-1).any()


def check_wrong_input(network: Network) -> str:
    """Offer arrays that do not fit, and once values that do; return the messages."""
    values, signals = numbers(network, 2)
    other = np.float64 if network.dtype == np.float32 else np.float32
    messages = []
    for call, argument in (
        (network.backward, signals),
        (network.forward, values[..., :0]),
        (network.forward, values),
        (network.backward, signals[..., :1]),
        (network.backward, np.repeat(signals, 20, axis=-1)),
        (network.forward, values[:-1]),
        (network.forward, values[..., 0]),
        (network.forward, values.astype(other)),
        (network.backward, signals[..., :-1, :]),
        (network.backward, signals.astype(other)),
    ):
        try:
            call(argument)
        except ValueError as error:
            messages.append(str(error))
    return "\n".join(messages)


def check_gradients_may_be_kept(network: Network, histories: int = 20) -> None:
    """Go back with gradients kept: the input signals are the same, and no gradient is added."""
    values, signals = numbers(network, histories)
    network.forward(values, training=True)
    expected = widened(network.backward(signals)).copy()
    network.parameters.zero_gradients()
    with network.parameters.gradients_kept():
        assert np.array_equal(widened(network.backward(signals)), expected)
    assert not network.parameters.gradients.any()


def check_update(network: Network, tolerance: float, histories: int = 20) -> None:
    """Let a backward pass update the parameters: they move along the gradients."""
    values, signals = numbers(network, histories)
    before = network.parameters.values.copy()
    network.forward(values, training=True)
    network.backward(signals)
    network.forward(values, training=True)
    network.backward(signals, learning_rate=0.125)
    moved = before - 0.125 * network.parameters.gradients
    np.testing.assert_allclose(network.parameters.values, moved, rtol=0, atol=tolerance)
