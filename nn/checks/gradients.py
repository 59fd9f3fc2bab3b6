"""Gradient check: what backward computed against central differences, for any network.

    d L / d x  ~  (L(x + epsilon) - L(x - epsilon)) / (2 epsilon)

for every parameter, every input and the value of every neuron. In float64 and with epsilon = 1e-6
both sides agree to about 1e-9 of the largest gradient (Baydin et al. 2018, "Automatic differentiation in
machine learning: a survey", section 2.1, on the two errors that epsilon trades).

    report = check_gradients(network, inputs)
    report.raise_if_wrong()
    print(report)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from nn.argument_checks import check_positive
from nn.checks.report import Comparison, Report
from nn.losses import Loss
from nn.named_shapes import entry_name
from nn.parameters import Parameters
from nn.training.random_state import GeneratorPosition, generator_state, set_generator_state

KINK_GAP = 1e-5
"""Gap between the one-sided slopes, relative to scale, above which it is a kink: as curvature it would be a
second derivative of 10 times the gradients. Of thousands of outputs that share a bias, one may be on a kink.
"""

Objective = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Outputs to the summands of the loss, any shape, and dLoss / d output."""


class Network(Protocol):
    """What a gradient check needs of a network."""

    @property
    def parameters(self) -> Parameters:
        """Flat values and gradients."""

    @property
    def signals(self) -> Any:
        """Error signals of the last backward."""

    @property
    def propagates(self) -> bool:
        """Whether backward computes the input signals."""

    @property
    def labels(self) -> int | None:
        """How many labels an input may be, None where inputs are quantities."""

    @property
    def layers(self) -> Sequence[Network]:
        """The networks that follow one another inside; itself where there is one."""

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """What it draws from while training."""

    def state(self) -> dict[str, np.ndarray]:
        """Return what it carries from step to step beside the parameters."""

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned."""

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the outputs."""

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals."""


@runtime_checkable
class Nudged(Protocol):
    """A network in which all neurons can be nudged, such as a graph."""

    nudges: np.ndarray | None
    """Added to the values of all neurons after activation, shape of `values`."""

    @property
    def values(self) -> np.ndarray:
        """Value of every neuron in the last forward."""


@dataclass(frozen=True)
class _Subject:
    """An array whose entries can be changed, the gradient it should have, and the loss behind it."""

    kind: str
    values: np.ndarray
    analytic: np.ndarray
    loss: Callable[[], np.ndarray]


def check_gradients(
    network: Network,
    inputs: np.ndarray,
    *,
    loss: Loss | None = None,
    targets: np.ndarray | None = None,
    entries: int | None = None,
    mask: np.ndarray | None = None,
    epsilon: float = 1e-6,
    tolerance: float = 1e-6,
    sample: int | None = None,
    generator: np.random.Generator | None = None,
    training: bool = False,
) -> Report:
    """Compare every gradient of a network with central differences.

    Parameters
    ----------
    network
        A network that computes in float64. Parameters, gradients, state and generators are restored
        afterwards; where values of the last forward are needed a copy is checked, see
        `networks.base.network.Network.inference`. The signals of a sequence are checked at the output of
        every layer; where a layer has `nudges`, at every neuron inside it.
    inputs
        Input values (height, width, channels, N), not checked where they are labels. Draw them at
        random: at all-equal or zero inputs many rectifiers sit exactly on their kink.
    loss, targets, entries, mask
        The loss and its arguments. By default the sum over all outputs of `weight * output +
        output² / 2` with irregular weights, so that every output has a signal of its own.
    epsilon
        Step of the differences.
    tolerance
        Largest |analytic - numeric| relative to the largest gradient of its kind.
    sample, generator
        Check at most `sample` entries of each kind, drawn from the generator; all by default.
    training
        Check the network in training mode. It draws the same random numbers in every pass.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        When the network computes in float32 or keeps no input signals, a loss comes without targets
        or targets without a loss, `sample` without a generator, or epsilon or tolerance is not a finite
        number above 0.
    """
    _check_arguments(network, loss, targets, sample, generator)
    check_positive("epsilon", epsilon)
    check_positive("tolerance", tolerance)
    objective = _default_objective if loss is None else _objective(loss, targets, entries, mask)
    comparisons = []
    inference = network.inference(with_batch=True) if hasattr(network, "inference") else nullcontext(network)
    with inference as checked, _left_as_it_is(checked):
        subjects = _subjects(checked, np.array(inputs, np.float64, order="C"), objective, training)
        for subject in (each for each in subjects if each.values.size):
            chosen = np.arange(subject.values.size)
            if sample is not None and generator is not None and sample < chosen.size:
                chosen = np.sort(generator.choice(chosen, sample, replace=False))
            comparisons.append(_compare(subject, chosen, epsilon, tolerance))
    return Report(comparisons, tolerance)


@contextmanager
def _left_as_it_is(network: Network) -> Iterator[None]:
    """Restore whatever a check changes in a network, which may be in the middle of training."""
    parameters, layers = network.parameters, list(network.layers)
    values, gradients = parameters.values.copy(), parameters.gradients.copy()
    draws = [GeneratorPosition(generator) for layer in layers for generator in layer.generators.values()]
    carried = [{name: array.copy() for name, array in layer.state().items()} for layer in layers]
    try:
        yield
    finally:
        parameters.values[:], parameters.gradients[:] = values, gradients
        for each in draws:
            each.restore()
        for layer, state in zip(layers, carried, strict=True):
            layer.load_state(state)
            if isinstance(layer, Nudged):
                layer.nudges = None


def _check_arguments(
    network: Network, loss: Loss | None, targets: np.ndarray | None, sample: int | None, generator: Any
) -> None:
    dtype = network.parameters.dtype
    if dtype != np.float64:
        raise ValueError(f"the network computes in {dtype}: build it with dtype=float64 for a gradient check")
    if not network.propagates:
        raise ValueError("the network does not propagate to its inputs: set propagates = True for the check")
    if (loss is None) != (targets is None):
        raise ValueError("a loss needs targets, and targets need a loss: give both or neither")
    if sample is not None and generator is None:
        raise ValueError("sample draws entries at random: give a generator too")


def _default_objective(outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weight * output + output² / 2 for every output; the weights are cosines of 1, 2, 3 ..."""
    weights = np.cos(np.arange(1, outputs.size + 1)).reshape(outputs.shape)
    return outputs * (weights + outputs / 2), weights + outputs


def _objective(loss: Loss, targets: Any, entries: int | None, mask: np.ndarray | None) -> Objective:
    def evaluate(outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, signals = loss(outputs, targets, entries=entries, mask=mask)
        return np.array([value]), signals

    return evaluate


class _Chain:
    """A network's layers one after another, each drawing the same numbers and carrying the same state
    in every run.
    """

    def __init__(self, network: Network, inputs: np.ndarray, training: bool) -> None:
        self.layers = list(network.layers)
        self.training = training
        self.boundaries = [inputs]
        self._before = []
        for layer in self.layers:
            draws = {name: generator_state(each) for name, each in layer.generators.items()}
            carried = {name: array.copy() for name, array in layer.state().items()}
            self._before.append((draws, carried))
            self.boundaries.append(layer.forward(self.boundaries[-1], training).copy())

    def run(self, first: int, values: np.ndarray) -> np.ndarray:
        """Return the outputs for values that enter layer number `first`."""
        for layer, (draws, carried) in zip(self.layers[first:], self._before[first:], strict=True):
            for name, state in draws.items():
                set_generator_state(layer.generators[name], state)
            layer.load_state(carried)
            values = layer.forward(values, self.training)
        return values


def _subjects(
    network: Network, inputs: np.ndarray, objective: Objective, training: bool
) -> Iterator[_Subject]:
    """Run the network both ways once, then yield everything that can be checked."""
    chain = _Chain(network, inputs, training)
    network.parameters.zero_gradients()
    outputs = chain.run(0, inputs)
    input_signals = network.backward(objective(outputs)[1]).copy()
    signals = [np.array(layer.signals) for layer in chain.layers if not isinstance(layer.signals, dict)]
    gradients = network.parameters.gradients.copy()

    def loss() -> np.ndarray:
        return objective(chain.run(0, inputs))[0]

    yield from _parameter_subjects(network.parameters, gradients, loss)
    if network.labels is None:
        yield _Subject("inputs", inputs, input_signals, loss)
    for number, each in enumerate(signals):
        yield from _signal_subject(chain, number, each, objective)


def _parameter_subjects(
    parameters: Parameters, gradients: np.ndarray, loss: Callable[[], np.ndarray]
) -> Iterator[_Subject]:
    for name in parameters.names:
        values = parameters[name]
        yield _Subject(name, values, gradients[parameters.slice_of(name)].reshape(values.shape), loss)


def _signal_subject(
    chain: _Chain, number: int, signals: np.ndarray, objective: Objective
) -> Iterator[_Subject]:
    """Yield the values of a layer's neurons: nudged inside it, or changed at its output."""
    kind = f"layer {number} signals" if len(chain.layers) > 1 else "signals"
    layer, (inputs, outputs) = chain.layers[number], chain.boundaries[number : number + 2]
    if not isinstance(layer, Nudged):
        yield _Subject(kind, outputs, signals, lambda: objective(chain.run(number + 1, outputs))[0])
        return
    layer.nudges = np.zeros_like(layer.values)
    yield _Subject(kind, layer.nudges, signals, lambda: objective(chain.run(number, inputs))[0])
    layer.nudges = None


def _compare(subject: _Subject, chosen: np.ndarray, epsilon: float, tolerance: float) -> Comparison:
    numeric, gaps, resolution = _differences(subject, chosen, epsilon)
    analytic = subject.analytic.ravel()[chosen]
    scale = np.max([*np.abs(analytic), *np.abs(numeric), resolution / tolerance])
    distances = np.abs(analytic - numeric)
    # On a kink the right analytic gradient equals one of the one-sided slopes, whose mean is `numeric`.
    kinks = (distances > tolerance * scale) & (gaps > KINK_GAP * scale) & (distances < 0.51 * gaps)
    errors = np.nan_to_num(np.where(kinks, 0, distances / scale), nan=np.inf)
    worst = int(np.argmax(errors))
    return Comparison(
        kind=subject.kind,
        checked=len(chosen),
        kinks=int(kinks.sum()),
        error=float(errors[worst]),
        scale=float(scale),
        worst=entry_name(subject.kind, subject.values.shape, int(chosen[worst])),
        analytic=float(analytic[worst]),
        numeric=float(numeric[worst]),
    )


def _differences(
    subject: _Subject, chosen: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return central differences, the gaps between the one-sided ones, and the error from rounding."""
    center = subject.loss()
    flat = subject.values.reshape(-1)
    numeric, gaps = np.empty(len(chosen)), np.empty(len(chosen))
    for number, position in enumerate(chosen):
        rise, step_up = _step(subject, flat, position, epsilon, center)
        fall, step_down = _step(subject, flat, position, -epsilon, center)
        numeric[number] = (rise - fall).sum() / (step_up - step_down)
        gaps[number] = np.abs(rise / step_up - fall / step_down).sum()
    resolution = np.finfo(np.float64).eps * np.abs(center).sum() / epsilon
    return numeric, gaps, max(resolution, np.finfo(np.float64).tiny)


def _step(
    subject: _Subject, flat: np.ndarray, position: int, step: float, center: np.ndarray
) -> tuple[np.ndarray, float]:
    """Change one entry for a moment; return how the loss's summands changed, and the entry after rounding."""
    original = flat[position]
    flat[position] = original + step
    changes = subject.loss() - center, float(flat[position] - original)
    flat[position] = original
    return changes
