"""Embedding, plain: the reference. Every label has a row of features that are learned.

    output[f]       = weight[label, f]
    d weight[l, f]  = sum of signal[f] over all steps and histories whose label is l

(Bengio et al. 2003, "A neural probabilistic language model", the matrix C of section 2.) It is a dense
layer without biases behind a one-hot input, whose products with zero are left out. A label is not a quantity
that could be a little larger: there is no gradient with respect to it, and the input signals are zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype, check_input, check_signals
from networks.base.configuration import Fields, undrawn
from networks.base.gradient_targets import apply_gradient
from networks.base.network import Network
from networks.base.wiring import Expanded, NeuronLayer
from nn.argument_checks import check_count
from nn.initializers import Initializer, Normal
from nn.named_shapes import entry_name
from nn.parameters import Parameters
from nn.shape import AnyShape, Shape, as_shape
from nn.step_masks import expand_mask, zero_masked_steps


class Embedding(Network):
    """Replaces labels by rows of features.

    Parameters
    ----------
    input_shape
        Its last axis is 1: one label for each step or position, SequenceShape(steps, 1) or
        Shape(1, 1, 1). The output has `features` there.
    labels
        How many there are; inputs are whole numbers from 0 to labels - 1, held in `dtype`.
    features
        Numbers that stand for each label.
    generator
        Source of the initial weights (labels, features).
    initializer
        How they start.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When the last axis is not 1, a number is below 1, or there are more labels than whole numbers
        in `dtype`.
    """

    family = "embedding"
    labels: int

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        labels: int,
        features: int,
        generator: np.random.Generator,
        initializer: Initializer = Normal(1.0),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.input_shape = as_shape(input_shape)
        if self.input_shape[-1] != 1:
            raise ValueError(f"{self.family}: input {self.input_shape} must end in 1, a single label")
        most = 2 ** (np.finfo(check_dtype(dtype)).nmant + 1)
        labels = check_count(f"{self.family}: labels", labels)
        features = check_count(f"{self.family}: features", features)
        if labels > most:
            raise ValueError(f"{self.family}: {labels} labels, of which {np.dtype(dtype)} tells {most} apart")
        self.labels = labels
        self.output_shape = as_shape((*self.input_shape[:-1], features))
        self.parameters = Parameters({"weights": (labels, features)}, dtype)
        self.parameters["weights"][:] = initializer(
            (labels, features), labels, features, generator=generator, dtype=self.dtype
        )
        self._labels = np.zeros((self.input_shape.size, 0), np.int64)
        self._values = self._signals = np.zeros((*self.output_shape, 0), self.dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the features (*output_shape, N) of labels (*input_shape, N).

        Raises
        ------
        ValueError
            When an input is not a whole number, or not one of the labels; the message names it.
        """
        check_input(self, values, self.input_shape, "input values")
        self._labels = self._read(self._present(values))
        rows = np.moveaxis(self.parameters["weights"][self._labels], -1, 1)
        self._values = np.ascontiguousarray(rows).reshape(*self.output_shape, -1)
        self._blank(self._values)
        return self._values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Add or apply the gradients of output signals (*output_shape, N); return input signals of zero."""
        check_signals(self, signals)
        self._signals = signals
        gradient = np.zeros_like(self.parameters["weights"])
        rows = np.moveaxis(
            self._present(signals).reshape(len(self._labels), self.output_shape[-1], -1), 1, -1
        )
        np.add.at(gradient, self._labels, rows)
        apply_gradient(self.parameters, "weights", gradient, learning_rate)
        return self._no_signals(signals.shape[-1])

    @property
    def masks_steps(self) -> bool:  # type: ignore[override]
        """Whether the labels are of steps: those that are not there may be anything, and give zeros."""
        return not isinstance(self.input_shape, Shape)

    def _present(self, values: np.ndarray) -> np.ndarray:
        """Return labels or signals (..., N) with zeros at steps that are not there."""
        return zero_masked_steps(values, self.checked_step_mask(values.shape[-1]))

    def _blank(self, outputs: np.ndarray) -> None:
        """Write zeros into outputs (..., N) at steps that are not there."""
        mask = self.step_mask
        if mask is not None:
            np.copyto(outputs[..., : mask.shape[-1]], 0, where=~expand_mask(mask, outputs))

    def _read(self, values: np.ndarray) -> np.ndarray:
        """Return the labels (steps or positions, N) as whole numbers."""
        usable = (values >= 0) & (values < self.labels) & (values == np.floor(values))
        if not usable.all():
            self._refuse(values, int(np.argmin(usable)))
        return values.reshape(self.input_shape.size, -1).astype(np.int64)

    def _refuse(self, values: np.ndarray, place: int) -> None:
        """Raise the error that names the input at a flat place."""
        neuron, entry = divmod(place, values.shape[-1])
        name = entry_name("input", self.input_shape, neuron)
        raise ValueError(
            f"{self.family}: {name} of entry {entry} is {values.reshape(-1)[place]}, not a whole number "
            f"from 0 to {self.labels - 1}"
        )

    def _no_signals(self, histories: int) -> np.ndarray:
        return np.zeros((*self.input_shape, histories), self.dtype)

    @property
    def values(self) -> np.ndarray:
        """Features (*output_shape, N) of the last forward."""
        return self._values

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (*output_shape, N) in the last backward."""
        return self._signals

    @property
    def connections(self) -> int:
        """None: features are looked up, not summed."""
        return 0

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return super().to_configuration() | {
            "labels": self.labels,
            "features": self.output_shape[-1],
        }

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return undrawn() | {"labels": fields.whole("labels"), "features": fields.whole("features")}

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layer with its connections; see `networks.base.network.Network.wiring`."""
        return [self._neuron_layer(Expanded(self.output_shape.size, self.output_shape[-1]))]
