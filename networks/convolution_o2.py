"""Convolution, rung o2: register tiles of explicit SIMD over the windows, pixels in parallel.

Previous rung:  networks/convolution_o1.py
What changed:   1. a window is one product on the register tile of nn/kernels/core/tile.py, read where it lies
                   in the image: no image of zeros around it, no column image; windows clipped at an edge skip
                   the weights that lie off it
                2. what spreads is gathered instead: each pixel sums the windows that see it, with the
                   weights turned round, for each phase of the stride; so nothing races and forward
                   sums and input signals of both families are one kernel
                3. the weight gradient is a product with the image transposed once, in fixed chunks of
                   rows that are added in order
                4. bias and activation are applied to a pixel while it is in cache
                5. layers of up to three channels have tiles of their own (nn/kernels/core/product_few.py)
                6. plain gradient descent can be applied in the same pass
Predicted gain: 10 to 30: o1 loads and stores a sum for every multiply-add, the tile once for a window
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                                  N  direction     ms  x below  x PyTorch  of the limit
    28x28x1 to 14x14x16                                 64  forward    0.057     7.12       2.06    28% memory
    28x28x1 to 14x14x16                                 64  backward   0.241     8.79       3.44    13% memory
    14x14x16 to 7x7x32                                  64  forward    0.145    14.05       1.62  78% products
    14x14x16 to 7x7x32                                  64  backward   0.370    25.09       2.05  61% products
    64x64x3 to 32x32x16                                 64  forward    0.382    14.65       1.53  63% products
    64x64x3 to 32x32x16                                 64  backward    1.31    18.26       2.89  37% products
    32x32x16 to 32x32x32                                64  forward     2.77    16.65       1.32  91% products
    32x32x16 to 32x32x32                                64  backward    7.00    28.88       1.20  72% products
    32x32x16 to 16x16x32                                64  forward    0.711    16.10       1.27  88% products
    32x32x16 to 16x16x32                                64  backward    1.97    25.76       2.41  64% products
    14x14x16 to 28x28x1, transposed                     64  forward    0.072     4.33       9.95    22% memory
    14x14x16 to 28x28x1, transposed                     64  backward   0.228     6.01       1.53    14% memory
    7x7x32 to 14x14x16, transposed                      64  forward    0.176    11.91       2.74  64% products
    7x7x32 to 14x14x16, transposed                      64  backward   0.425    22.59       1.64  53% products
    16x16x32 to 32x32x16, transposed                    64  forward    0.798    15.34       2.18  79% products
    16x16x32 to 32x32x16, transposed                    64  backward    2.01    26.54       1.45  63% products
    32x32x16 to 64x64x3, transposed                     64  forward    0.432    11.99       8.85  56% products
    32x32x16 to 64x64x3, transposed                     64  backward    1.42    16.33       1.44  34% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32 and back    64  step        1.72    16.08       2.26  44% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32 and back  64  step        11.2    16.23       1.48  44% products
.. benchmark: end
Loses when:     never seen
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp; the same bits for
                any number of threads, because every sum is made in a fixed order
"""

from __future__ import annotations

import numpy as np

from networks import convolution, convolution_o1
from networks.base.checks import check_input, check_signals
from networks.base.descent import gradient_targets
from networks.base.storage import converts
from networks.dense_o2 import WORTH_A_REGION
from nn.activations import Identity
from nn.history import LANES, aligned_zeros, pad_histories, padded
from nn.kernels.convolution import backward as backward_kernels
from nn.kernels.convolution import forward as kernels
from nn.window_steps import Steps, gathering, phase_sizes, spreading, weight_order

CHUNKS = 16
"""Chunks of rows whose weight gradients are summed apart: more than the threads, so that they even out."""


@converts
class Convolution(convolution_o1.Convolution):
    """A convolutional layer; see `networks.convolution.Convolution`."""

    _entries = 0

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] == histories:
            return
        super()._reserve(histories)
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
        run = backward_kernels.deltas_parallel if self._parallel else backward_kernels.deltas_serial
        run(self._gathering, arrays, *self._activation)
        _, plan = self._directions
        if self.propagates:
            identity = Identity.code, self.dtype.type(0)
            self._sum(plan, self._no_biases, self._deltas, self._input_signals, identity)
        run = backward_kernels.gradients_parallel if self._parallel else backward_kernels.gradients_serial
        run(self._gathering, arrays, scale)
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
        """Whether a pass is worth a parallel region."""
        return self.connections * self._values.shape[-1] >= WORTH_A_REGION

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


@converts
class TransposedConvolution(Convolution, convolution.TransposedConvolution):
    """The transpose of a convolution; see `networks.convolution.TransposedConvolution`."""

    @property
    def _directions(self) -> tuple[kernels.Plan, kernels.Plan]:
        return self._spreading, self._gathering


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
