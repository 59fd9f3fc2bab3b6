"""Minibatch deviation: how much the entries of a group differ, told to every one of them.

With x the inputs of n entries that are a group, K the numbers of an entry, and means over the group:

    deviation of a number  = sqrt(mean((x - mean(x))²) + epsilon)
    statistic of the group = mean over the K numbers of their deviations

The outputs are the inputs with one more feature, the statistic, at every place (Karras et al. 2018,
"Progressive growing of GANs for improved quality, stability, and variation", section 3). A discriminator that
reads it sees when generated entries are all alike. Backwards, with q the sum of the group's signals of that
feature:

    input signal = signal + q (x - mean(x)) / (n K deviation)

so a signal of one entry goes to all of its group. A few NumPy passes over what is small where it is used, at
the end of a network: one class serves as all rungs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_input, check_signals, check_state
from networks.base.configuration import Fields
from networks.base.group_deviations import GroupDeviations
from networks.base.storage import converts
from networks.base.weightless import Weightless
from networks.base.wiring import Connections, NeuronLayer, Wiring
from nn.argument_checks import check_count, check_positive, check_share
from nn.history import padded
from nn.shape import AnyShape, Shape, as_shape, features_of
from nn.step_masks import zero_masked_steps


@converts
class MinibatchDeviation(Weightless):
    """Adds a feature that says how much the entries of a group differ.

    While training, groups are neighbours in the batch: the first `group` active entries, the next, and so on;
    what is left over is a smaller group. Steps that a mask leaves out are not measured, and give zeros.
    Otherwise every entry is on its own, and the feature is the running mean of what training measured, which
    `state` returns:

        running = (1 - momentum) * running + momentum * mean over groups of their statistics

    Parameters
    ----------
    input_shape
        Any; the outputs have one more channel, or feature.
    group
        Entries of a group, at least 2.
    momentum
        Weight of a new measurement in the running mean, in [0, 1].
    epsilon
        Added to variances, above 0.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When group, momentum or epsilon are out of range.
    """

    family = "minibatch_deviation"

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        group: int = 4,
        momentum: float = 0.1,
        epsilon: float = 1e-8,
        dtype: DTypeLike = np.float32,
    ) -> None:
        shape = as_shape(input_shape)
        super().__init__(shape, as_shape((*shape[:-1], features_of(shape) + 1)), dtype)
        self.group = check_count(f"{self.family}: group", group, 2)
        self.momentum = check_share(f"{self.family}: momentum", momentum)
        self.epsilon = check_positive(f"{self.family}: epsilon", epsilon)
        self._running = np.ones(1, self.dtype)
        self.measured: GroupDeviations | None = None
        self._mask: np.ndarray | None = None

    @property
    def masks_steps(self) -> bool:  # type: ignore[override]
        """Whether its values have steps."""
        return not isinstance(self.input_shape, Shape)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return input values (*shape, N) with the statistic of every entry's group behind the features."""
        check_input(self, values, self.input_shape, "input values")
        histories = values.shape[-1]
        self._mask, self.measured = self.checked_step_mask(histories), None
        values, statistics = self._there(values), np.broadcast_to(self._running, histories)
        if training:
            active = self.active_entries(histories)
            self.measured = GroupDeviations(values, self.group, active, self._mask, self.epsilon)
            self._move_running(self.measured.statistics[self.measured.counted])
            statistics = self.measured.of_entries(self.measured.statistics)
        self._values = self.beside(values, statistics)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (*output_shape, N)."""
        check_signals(self, signals)
        self._signals = signals
        through, of_statistics = self.apart(signals)
        if self.measured is None:
            return through
        sent: np.ndarray = through + self.measured.send(of_statistics, self.measured.slopes)
        return sent

    def beside(self, values: np.ndarray, statistics: np.ndarray) -> np.ndarray:
        """Return values (*shape, N) with numbers (N,) behind the features of every place that is there."""
        everywhere = np.broadcast_to(statistics, (*self.input_shape[:-1], 1, len(statistics)))
        return self._there(np.concatenate([values, everywhere], axis=-2))

    def apart(self, signals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what of signals (*output_shape, N) is for the inputs, and for the statistics of groups."""
        signals = self._there(signals)
        through = np.ascontiguousarray(signals[..., :-1, :])
        if self.measured is None:
            return through, np.zeros(0, signals.dtype)
        return through, self.measured.sums(signals[..., -1, :])

    def _there(self, values: np.ndarray) -> np.ndarray:
        return zero_masked_steps(values, self._mask)

    def _move_running(self, statistics: np.ndarray) -> None:
        if statistics.size:
            mean = self.dtype.type(np.mean(statistics, dtype=np.float64))
            self._running += self.dtype.type(self.momentum) * (mean - self._running)

    def state(self) -> dict[str, np.ndarray]:
        """Return the running mean of the statistics, (1,)."""
        return {"statistic": self._running}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned; without any, from 1."""
        if state:
            check_state(self, state)
        self._running[:] = state.get("statistic", 1)

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the inputs and of deviations, which are positive."""
        return min(input_range[0], 0.0), np.inf

    def history_bytes(self, histories: int) -> int:
        """Return the memory for both ends, and for deviations and slopes; see `Network.history_bytes`."""
        measured = 4 * self.input_shape.size * padded(histories) * self.dtype.itemsize
        return super().history_bytes(histories) + measured

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        own = {"group": self.group, "momentum": self.momentum, "epsilon": self.epsilon}
        return {**super().to_configuration(), **own}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        numbers = {name: fields.number(name) for name in ("momentum", "epsilon")}
        return {"group": fields.whole("group"), **numbers}

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        return [self._neuron_layer(OwnFeatures(self.output_shape.size, features_of(self.output_shape)))]


class OwnFeatures(Wiring):
    """Every neuron connected to the input of its place and feature, but those of the last feature to none.

    Parameters
    ----------
    targets
        How many neurons.
    features
        Of a place, the last one included.
    """

    def __init__(self, targets: int, features: int) -> None:
        super().__init__(targets)
        self._features = features

    @property
    def count(self) -> int:
        """One for every input."""
        return self.targets - self.targets // self._features

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        place, feature = divmod(neuron, self._features)
        if feature == self._features - 1:
            return Connections.none()
        return Connections.fixed(np.array([place * (self._features - 1) + feature]))

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        place, feature = divmod(neuron, self._features - 1)
        return Connections.fixed(np.array([place * self._features + feature]))
