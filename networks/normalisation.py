"""Normalisation, plain: the reference. Values are normalised to mean zero and variance one, then scaled and
shifted by learned parameters.

    normalised  = (value - mean) / sqrt(variance + epsilon)
    output      = scale * normalised + shift

BatchNormalisation measures each channel over all positions and the entries of the batch (Ioffe and
Szegedy 2015, "Batch normalization", algorithm 1), LayerNormalisation each entry over its features (Ba,
Kiros and Hinton 2016, "Layer normalization", equations 3 and 4). Backwards, with the means taken over the
same M values that were measured and delta = signal * scale (Ioffe and Szegedy 2015, section 3):

    d scale       = sum of signal * normalised
    d shift       = sum of signal
    input signal  = (delta - mean(delta) - normalised * mean(delta * normalised)) / sqrt(variance + epsilon)

The mean and the variance depend on every value measured: that is where the two means come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_input, check_signals, check_state
from networks.base.configuration import Fields
from networks.base.gradient_targets import apply_gradient
from networks.base.normalisation_base import Normalisation
from networks.base.normalisation_partial import PartialNormalisation
from networks.base.wiring import Groups, NeuronLayer, OneToOne
from nn.argument_checks import check_share
from nn.lookup import look_up
from nn.shape import AnyShape, as_shape, features_of
from nn.step_masks import expand_mask
from nn.sums import mean, total, variance


class BatchNormalisation(Normalisation):
    """Normalises each channel by its mean and variance over the batch.

    While training these are measured over all positions and the active entries of the batch, and move
    the running ones, which are used otherwise:

        running = (1 - momentum) * running + momentum * measured

    where the running variance is updated with the unbiased one, M / (M - 1) times that measured (as
    torch.nn.BatchNorm2d). Steps that a mask leaves out are not measured, and where there is no step or entry
    at all, the running statistics are used and stay as they are. `state` returns the running "means" and
    "variances".

    Freezing its parameters freezes scale and shift only (as `requires_grad = False` does in PyTorch). With
    fixed statistics the running ones are used while training as well, and stay as they are (as in PyTorch
    after `eval()`).

    Parameters
    ----------
    input_shape
        Its last axis holds the channels.
    momentum
        Weight of the new measurement in the running statistics, in [0, 1].
    epsilon
        Added to variances, above 0.
    fixed_statistics
        Whether the running statistics are used while training too, and stay as they are.
    dtype
        float32 or float64.

    Attributes
    ----------
    fixed_statistics
        As given; may be changed between forwards.

    Raises
    ------
    ValueError
        When momentum or epsilon are out of range.
    """

    family = "batch_normalisation"

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
        fixed_statistics: bool = False,
        dtype: DTypeLike = np.float32,
    ) -> None:
        channels = features_of(as_shape(input_shape))
        super().__init__(input_shape, (channels,), epsilon, dtype)
        self.momentum = check_share(f"{self.family}: momentum", momentum)
        self.fixed_statistics = fixed_statistics
        self._running_means = np.zeros(channels, self.dtype)
        self._running_variances = np.ones(channels, self.dtype)
        self._active: int | None = None
        self._means = self._running_means
        self._factors = np.ones(channels, self.dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values (*shape, N) of input values; while training, measure the statistics.

        Raises
        ------
        ValueError
            When values do not fit, or there is a single number per channel to measure.
        """
        check_input(self, values, self.input_shape, "input values")
        active = self.active_entries(values.shape[-1]) if training else values.shape[-1]
        self._begin(values.shape[-1], active)
        self._inputs = self._flat(values)
        measures = training and not self.fixed_statistics
        self._active = self._checked_count(active) if measures else None
        self._means, variances = self._running_means, self._running_variances
        if self._active is not None:
            self._means, variances = self._measure(self._active)
            self._move_running(variances, len(self._inputs) * self._active)
        self._factors = 1 / np.sqrt(variances + self.dtype.type(self.epsilon))
        self._values = self._normalise()
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (*shape, N); gradients are added or applied."""
        check_signals(self, signals)
        self._keep(self._flat(signals))
        scale_gradient, shift_gradient = self._sums()
        input_signals = self._propagate(scale_gradient, shift_gradient)
        apply_gradient(self.parameters, "scale", scale_gradient, learning_rate)
        apply_gradient(self.parameters, "shift", shift_gradient, learning_rate)
        return self._shaped(input_signals)

    def _measure(self, active: int) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance of every channel over the active entries."""
        measured = self._inputs[..., :active]
        return mean(measured, axis=(0, 2)), variance(measured, axis=(0, 2))

    def _normalise(self) -> np.ndarray:
        """Return the output values, (positions, channels, N)."""
        scale, shift = self.parameters["scale"], self.parameters["shift"]
        return self._normalised() * scale[:, None] + shift[:, None]

    def _sums(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradients of the scale and of the shift."""
        products = self._signals * self._normalised()
        return total(products, axis=(0, 2)), total(self._signals, axis=(0, 2))

    def _propagate(self, scale_gradient: np.ndarray, shift_gradient: np.ndarray) -> np.ndarray:
        """Return the input signals, (positions, channels, N)."""
        factors = (self.parameters["scale"] * self._factors)[:, None]
        if self._active is None:
            return factors * self._signals
        count = len(self._signals) * self._active
        means = (self._normalised() * scale_gradient[:, None] + shift_gradient[:, None]) / count
        input_signals = factors * (self._signals - means)
        input_signals[..., self._active :] = 0  # these were not measured
        return input_signals

    def _normalised(self) -> np.ndarray:
        return (self._inputs - self._means[:, None]) * self._factors[:, None]

    def _checked_count(self, active: int) -> int | None:
        """Return how many histories are measured, None for none; at least two numbers a channel."""
        active = active if self._steps is None else self._steps.count
        if active * len(self._inputs) == 1:
            what = "entry" if self._steps is None else "step that is there"
            raise ValueError(
                f"{self.family}: a batch of 1 {what} has a single number per channel and no variance "
                f"(input {self.input_shape}): train with larger batches; where it is what an epoch has left "
                "over, Options(last_batch='drop') or 'merge' leaves no such batch"
            )
        return active or None

    def _move_running(self, variances: np.ndarray, count: int) -> None:
        """Move the running statistics towards those of so many numbers per channel."""
        momentum = self.dtype.type(self.momentum)
        self._running_means += momentum * (self._means - self._running_means)
        unbiased = variances * self.dtype.type(count / (count - 1))
        self._running_variances += momentum * (unbiased - self._running_variances)

    def state(self) -> dict[str, np.ndarray]:
        """Return the running statistics, (channels,) each."""
        return {"means": self._running_means, "variances": self._running_variances}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned; without any, from means of zero and variances of one."""
        if state:
            check_state(self, state)
        self._running_means[:] = state.get("means", 0)
        self._running_variances[:] = state.get("variances", 1)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return super().to_configuration() | {
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "fixed_statistics": self.fixed_statistics,
        }

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {
            "momentum": fields.number("momentum"),
            "epsilon": fields.number("epsilon"),
            "fixed_statistics": fields.boolean("fixed_statistics", otherwise=False),
        }

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        return [self._neuron_layer(OneToOne(self.output_shape.size, *self._scales_and_shifts()))]


class LayerNormalisation(Normalisation):
    """Normalises each entry by its mean and variance over its features, in training and after it.

    Steps that a mask leaves out are not measured.

    Parameters
    ----------
    input_shape
        Of the values and the outputs.
    axes
        What is measured together: "last", the features of one step or position, or "all", the whole
        entry. Scale and shift have the shape of these axes (as torch.nn.LayerNorm).
    epsilon
        Added to variances, above 0.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When the axes are unknown or epsilon is out of range.
    """

    family = "layer_normalisation"

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        axes: str = "last",
        epsilon: float = 1e-5,
        dtype: DTypeLike = np.float32,
    ) -> None:
        shape = as_shape(input_shape)
        self.axes = axes
        measured = look_up({"last": (features_of(shape),), "all": tuple(shape)}, axes, "axes")
        super().__init__(shape, measured, epsilon, dtype)
        self._means = self._factors = np.zeros((0, 1, 0), self.dtype)
        self._partial: PartialNormalisation | None = None

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values (*shape, N) of input values."""
        check_input(self, values, self.input_shape, "input values")
        self._partial = None
        if self.step_mask is not None and self.axes == "all":
            return self._normalise_partially(values)
        self._begin(values.shape[-1], values.shape[-1])
        self._inputs = self._flat(values)
        self._values = self._normalise()
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (*shape, N); gradients are added or applied."""
        check_signals(self, signals)
        if self._partial is not None:
            self._keep(signals.reshape(1, -1, signals.shape[-1]))
            flat, *sums = self._partial.propagate(self._signals[0], self._column("scale"))
            input_signals, gradients = flat[None], dict(zip(("scale", "shift"), sums, strict=True))
        else:
            self._keep(self._flat(signals))
            input_signals, gradients = self._propagate()
        for name, gradient in gradients.items():
            shaped = gradient.reshape(self.parameters.shapes[name])
            apply_gradient(self.parameters, name, shaped, learning_rate)
        return self._shaped(input_signals)

    def _normalise_partially(self, values: np.ndarray) -> np.ndarray:
        """Return the output values of entries that are measured whole and lack some steps."""
        histories = values.shape[-1]
        mask = self.checked_step_mask(histories)
        assert mask is not None
        there = np.broadcast_to(expand_mask(mask, values), values.shape).reshape(-1, histories)
        flat = values.reshape(-1, histories)
        self._partial = PartialNormalisation(flat, there, self.dtype.type(self.epsilon))
        self._histories, self._steps, self._inputs = histories, None, flat[None]
        self._values = self._partial.outputs(self._column("scale"), self._column("shift"))[None]
        return self.values

    def _normalise(self) -> np.ndarray:
        """Measure the inputs (groups, measured, N) and return the output values."""
        self._means = mean(self._inputs, axis=1, keepdims=True)
        variances = variance(self._inputs, axis=1, keepdims=True)
        self._factors = 1 / np.sqrt(variances + self.dtype.type(self.epsilon))
        return self._normalised() * self._column("scale") + self._column("shift")

    def _propagate(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return the input signals (groups, measured, N) and the gradients (measured,) by name."""
        normalised, deltas = self._normalised(), self._signals * self._column("scale")
        means = mean(deltas, axis=1, keepdims=True)
        means = means + normalised * mean(deltas * normalised, axis=1, keepdims=True)
        products = self._signals * normalised
        gradients = {"scale": total(products, axis=(0, 2)), "shift": total(self._signals, axis=(0, 2))}
        return self._factors * (deltas - means), gradients

    def _normalised(self) -> np.ndarray:
        return (self._inputs - self._means) * self._factors

    def _column(self, name: str) -> np.ndarray:
        return self.parameters[name].reshape(-1, 1)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return super().to_configuration() | {
            "axes": self.axes,
            "epsilon": self.epsilon,
        }

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return {"axes": fields.text("axes"), "epsilon": fields.number("epsilon")}

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        measured = self.parameters["scale"].size
        wiring = Groups(self.output_shape.size, measured, *self._scales_and_shifts())
        return [self._neuron_layer(wiring)]
