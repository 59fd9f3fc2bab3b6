"""The fast rungs of convolutions: register tiles over windows read where they lie in the image."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from networks import convolution
from networks.base.checks import check_input, check_signals
from networks.base.convolution_pairs import ConvolutionPairs
from networks.base.gradient_targets import gradient_targets
from networks.base.storage import FEW, HALF, PAIRED, WITHOUT
from networks.base.tiled_dense import WORTH_A_REGION
from nn.activations import Identity
from nn.history import LANES, aligned_zeros, pad_histories, padded
from nn.kernels.convolution import backward as backward_kernels
from nn.kernels.convolution import forward as kernels
from nn.kernels.core.dot_products import has_dot_products
from nn.window_steps import Steps, gathering, phase_sizes, spreading, weight_order

WORTH_PAIRING = 8
"""Channels on either side from which products of pairs gain more than it takes to lay these out."""

CHUNKS = 16
"""Chunks of rows whose weight gradients are summed apart: more than the threads, so that they even out."""


class TiledConvolution(convolution.Convolution):
    """A convolutional layer whose windows run on the register tile.

    Attributes
    ----------
    parallel
        Whether pixels run on several threads where a layer is large enough.
    """

    parallel: ClassVar[bool] = False
    _entries = 0
    _pairs: ConvolutionPairs | None = None

    def _store_as(self, storage: str) -> None:
        super()._store_as(storage)
        paired = storage == HALF and has_dot_products() and self._channels_worth_pairing
        self._pairs = ConvolutionPairs() if paired else None

    @property
    def _channels_worth_pairing(self) -> bool:
        """Whether pairs of channels are much fewer than channels, on both sides."""
        return min(self.input_shape.channels, self.output_shape.channels) >= WORTH_PAIRING

    @property
    def arithmetic(self) -> str:
        """See `Network.arithmetic`."""
        if self.storage != HALF:
            return ""
        if self._pairs is not None:
            return PAIRED
        return WITHOUT if self._channels_worth_pairing else FEW

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] == histories:
            return
        self._values = aligned_zeros((*self.output_shape, histories), self.dtype)
        self._deltas = aligned_zeros((*self.output_shape, histories), self.dtype)
        self._input_signals = aligned_zeros((*self.input_shape, histories), self.dtype)
        self._gathering, self._spreading = self._plans(histories)
        rows, columns = self.windows.rows, self.windows.columns
        weights = self.parameters["weights"]
        self._order = weight_order(weights.shape, spreading(rows), spreading(columns))
        self._turned = aligned_zeros(len(self._order), self.dtype)
        self._no_biases = aligned_zeros(self.input_shape.channels, self.dtype)
        width = padded(columns.length * weights.shape[-1]) + LANES
        self._transposed = aligned_zeros((rows.length, histories, width), self.dtype)
        self._bias_rows = aligned_zeros(self.output_shape[::2], self.dtype)
        self._partial = aligned_zeros((min(CHUNKS, rows.windows), weights.size), self.dtype)

    def _plans(self, histories: int) -> tuple[kernels.Plan, kernels.Plan]:
        """Return how pixels are gathered into windows, and windows spread over pixels."""
        rows, columns = self.windows.rows, self.windows.columns
        outputs, _, _, channels = self.parameters["weights"].shape
        return (
            _plan(gathering(rows), gathering(columns), columns.length, (channels, outputs), histories),
            _plan(spreading(rows), spreading(columns), columns.windows, (outputs, channels), histories),
        )

    @property
    def _directions(self) -> tuple[kernels.Plan, kernels.Plan]:
        """Return the plans of forward and backward."""
        return self._gathering, self._spreading

    def _weights_for(self, plan: kernels.Plan) -> np.ndarray:
        """Return the flat weights in the order in which a plan reads them."""
        weights = self.parameters["weights"].ravel()
        if plan is self._spreading:
            return np.take(weights, self._order, out=self._turned)
        return weights

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._entries = values.shape[-1]
        self._inputs = pad_histories(values)
        self._reserve(self._inputs.shape[-1])
        plan, _ = self._directions
        self._sum(plan, self.parameters["biases"], self._inputs, self._values, self._activation)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._signals = pad_histories(signals)
        arrays, scale = self._arrays(learning_rate)
        gradient_plan = self._gathering
        if self._pairs is not None:
            arrays = self._pairs.deltas(self._gathering, arrays, self._activation, bool(scale))
            gradient_plan = gradient_plan._replace(histories=gradient_plan.histories // 2)
        else:
            run = backward_kernels.deltas_parallel if self._parallel else backward_kernels.deltas_serial
            run(self._gathering, arrays, *self._activation)
        _, plan = self._directions
        if self.propagates:
            identity = Identity.code, self.dtype.type(0)
            self._sum(plan, self._no_biases, self._deltas, self._input_signals, identity)
        if scale != 0:
            run = backward_kernels.gradients_parallel if self._parallel else backward_kernels.gradients_serial
            run(gradient_plan, arrays, scale)
        return self._input_signals[..., : self._entries]

    def _sum(
        self,
        plan: kernels.Plan,
        biases: np.ndarray,
        sources: np.ndarray,
        targets: np.ndarray,
        activation: tuple[int, np.floating],
    ) -> None:
        """Compute all targets of a plan."""
        layer = kernels.Layer(self._weights_for(plan), biases, sources.ravel(), targets.ravel())
        if self._pairs is not None:
            layer = self._pairs.layer(plan, *layer)
            plan = in_pairs(plan)
        run = kernels.sum_parallel if self._parallel else kernels.sum_serial
        run(plan, layer, *activation)

    @property
    def _activation(self) -> tuple[int, np.floating]:
        """Code and slope of the activation, as kernels want them."""
        return self.activation.code, self.dtype.type(self.activation.slope)

    def _arrays(self, learning_rate: float | None) -> tuple[backward_kernels.Arrays, np.floating]:
        weights, biases, scale = gradient_targets(self.parameters, learning_rate)
        windows, image = self._sides(self._deltas)
        arrays = backward_kernels.Arrays(
            values=self._values.ravel(),
            signals=self._signals.ravel(),
            deltas=self._deltas.ravel(),
            windows=windows.ravel(),
            image=image.ravel(),
            transposed=self._transposed.ravel(),
            bias_rows=self._bias_rows.ravel(),
            partial=self._partial.ravel(),
            weights_target=weights.ravel(),
            biases_target=biases,
        )
        return arrays, scale

    @property
    def _parallel(self) -> bool:
        """Whether a pass runs in parallel."""
        return self.parallel and self.connections * self._values.shape[-1] >= WORTH_A_REGION

    def history_bytes(self, histories: int) -> int:
        """Return about how much memory a training step takes: partial gradients beside the histories."""
        partial = (CHUNKS + 3) * self.parameters.size * self.dtype.itemsize
        return super().history_bytes(histories) + partial

    @property
    def values(self) -> np.ndarray:
        """Output values (H, W, C, N) of the last forward."""
        return self._values[..., : self._entries]

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (H, W, C, N) in the last backward."""
        return self._signals[..., : self._entries]


class TiledTransposedConvolution(TiledConvolution, convolution.TransposedConvolution):
    """The transpose of a convolution, whose windows run on the register tile; see `TiledConvolution`."""

    @property
    def _directions(self) -> tuple[kernels.Plan, kernels.Plan]:
        return self._spreading, self._gathering


def in_pairs(plan: kernels.Plan) -> kernels.Plan:
    """Return a plan for pairs of the sources' channels."""
    pairs, phases = -(-plan.sources // 2), plan.phases.copy()
    phases[..., 2] = phases[..., 2] // plan.sources * pairs
    return plan._replace(sources=pairs, phases=phases)


def _plan(rows: Steps, columns: Steps, width: int, channels: tuple[int, int], histories: int) -> kernels.Plan:
    """Return the tables of a kernel that reads rows of `width` sources; channels are (sources, targets)."""
    return kernels.Plan(
        rows=rows.table,
        columns=columns.table,
        row_step=rows.step,
        column_step=columns.step,
        phases=phase_sizes(rows, columns, channels[0] * channels[1]),
        width=width,
        sources=channels[0],
        targets=channels[1],
        histories=histories,
    )
