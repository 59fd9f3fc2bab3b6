"""Checks of every network with states, on every rung: the tests of recurrent families call these."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from networks.base.stateful import AnyStates, Stateful
from tests.support import network_checks as checks

Build = Callable[..., Stateful]
"""Builds a network for sequences of a number of steps: `build(steps)`; the same parameters every time."""


def states(network: Stateful, histories: int, seed: int = 3) -> AnyStates:
    """Draw states that fit a network."""
    generator = np.random.default_rng(seed)
    empty = network._empty_states(histories)
    return type(empty)(*(generator.normal(size=each.shape).astype(each.dtype) for each in empty))


def mask(network: Stateful, histories: int, seed: int = 4) -> np.ndarray:
    """Draw lengths from no step at all to all of them: which steps are there, (steps, N)."""
    lengths = np.random.default_rng(seed).integers(0, network.steps + 1, histories)
    return np.arange(network.steps)[:, None] < lengths


def assert_close(found: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float) -> None:
    """Compare arrays by name, relative to the largest number in each, but no closer than to a tenth.

    States and signals are of size one, and so are the terms of a sum over steps: where they cancel, as
    they may in a network of a neuron or two, float32 leaves the result no more exact than its terms.
    """
    checks.assert_close(found, expected, tolerance, least=0.1)


def named(states: AnyStates, prefix: str) -> dict[str, np.ndarray]:
    """Copy states by name."""
    return {f"{prefix} {name}": array.copy() for name, array in states._asdict().items()}


def pass_through(
    network: Stateful, values: np.ndarray, signals: np.ndarray, initial: AnyStates, final: AnyStates
) -> dict[str, np.ndarray]:
    """Run forward and backward once with states on both sides, and copy all results."""
    network.parameters.zero_gradients()
    outputs = network.forward(values, initial=initial).copy()
    ends = named(network.final_states, "final")
    input_signals = network.backward(signals, final_signals=final).copy()
    gradients = {name: network.parameters.gradient(name).copy() for name in network.parameters.names}
    starts = named(network.initial_signals, "initial signals of")
    return {"outputs": outputs, "input signals": input_signals, **ends, **starts, **gradients}


def check_same_as_plain(network: Stateful, plain: Stateful, histories: int, tolerance: float) -> None:
    """Compare a rung with the plain one, with states on both sides, and missing steps."""
    network.parameters.copy_from(plain.parameters)
    values, signals = checks.numbers(plain, histories)
    ends = states(plain, histories, 3), states(plain, histories, 5)
    for present in (None, mask(plain, histories)):
        network.step_mask = plain.step_mask = present
        found, expected = (pass_through(each, values, signals, *ends) for each in (network, plain))
        assert_close(found, expected, tolerance)
        assert np.array_equal(network.signals, signals)
        assert np.array_equal(network.values, found["outputs"])


def check_slope(network: Stateful, histories: int) -> None:
    """Compare all gradients at once with a central difference along a random direction.

    The loss weighs outputs and final states; inputs, initial states and parameters move.
    """
    values, signals = checks.numbers(network, histories)
    initial, final = states(network, histories, 3), states(network, histories, 5)
    found = pass_through(network, values, signals, initial, final)
    movable = {
        "input signals": values,
        **{name: network.parameters[name] for name in network.parameters.names},
    }
    movable |= {f"initial signals of {name}": array for name, array in initial._asdict().items()}
    generator = np.random.default_rng(6)
    directions = {name: generator.normal(size=array.shape) for name, array in movable.items()}

    def move(step: float) -> None:
        for name, array in movable.items():
            np.add(array, step * directions[name], out=array)

    def loss(step: float) -> float:
        move(step)
        outputs = network.forward(values, initial=initial)
        pairs = zip([signals, *final], [outputs, *network.final_states], strict=True)
        total = float(sum((weight * value).sum() for weight, value in pairs))
        move(-step)
        return total

    expected = (loss(1e-6) - loss(-1e-6)) / 2e-6
    parts = [(directions[name] * found[name]).sum() for name in movable]
    assert abs(sum(parts) - expected) < 1e-6 * max(1, *np.abs(parts))


def check_masked_is_shorter(build: Build, steps: int, length: int, tolerance: float) -> None:
    """A sequence that is masked from `length` on gives the results of a shorter one, and zeros after it."""
    long, short = build(steps), build(length)
    values, signals = checks.numbers(long, 5)
    values[length:] = np.nan
    long.step_mask = np.repeat(np.arange(steps)[:, None] < length, 5, axis=1)
    ends = states(long, 5, 3), states(long, 5, 5)
    found = pass_through(long, values, signals, *ends)
    cut = signals[:length] if long.whole_sequence else signals
    expected = pass_through(short, values[:length], cut, *ends)
    for name in ["input signals", *(["outputs"] if long.whole_sequence else [])]:
        assert not found[name][length:].any()
        found[name] = found[name][:length]
    assert_close(found, expected, tolerance)


def check_goes_on(build: Build, steps: int, tolerance: float) -> None:
    """A stateful network gives for a sequence cut in two the results of the whole sequence."""
    whole, halves = build(2 * steps), build(steps)
    values, _ = checks.numbers(whole, 5)
    halves.stateful = True
    for _ in range(2):
        first = halves.forward(values[:steps]).copy()
        kept = {name: array.copy() for name, array in halves.state().items()}
        second = halves.forward(values[steps:]).copy()
        expected = whole.forward(values)
        joined = np.concatenate([first, second]) if whole.whole_sequence else second
        assert_close({"outputs": joined}, {"outputs": expected}, tolerance)
        halves.load_state(kept)
        assert np.array_equal(halves.forward(values[steps:]), second)
        halves.reset()
        assert halves.state() == {}


def check_refusals(network: Stateful) -> list[str]:
    """Offer states and masks that do not fit; return the messages."""
    values, signals = checks.numbers(network, 2)
    network.stateful = True
    few = states(network, 1)
    messages = []
    for call in (
        lambda: network.forward(values, initial=few),
        lambda: network.forward(values, initial=tuple(states(network, 2))),
        lambda: network.load_state({"hidden_values": few.hidden}),
        lambda: network.load_state({name: array[:0] for name, array in few._asdict().items()}),
        lambda: network.forward(values[..., :1]) is None or network.forward(values),
        lambda: _forward_with_mask(network, values, np.ones((network.steps, 1), bool)),
        lambda: _forward_with_mask(network, values, np.ones((network.steps, 2))),
        lambda: network.forward(values) is None or network.backward(signals, final_signals=few),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        messages.append(str(caught.value))
        network.step_mask = None
        network.reset()
    return messages


def _forward_with_mask(network: Stateful, values: np.ndarray, present: Any) -> None:
    network.step_mask = present
    network.forward(values)
