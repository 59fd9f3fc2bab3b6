"""Local, rung o2: register tiles of explicit SIMD over the windows, bands of rows in parallel.

Previous rung:  networks/local_o1.py
What changed:   1. a tile's sums run on the register tile of nn/kernels/core/tile.py, which reads the window's
                   rows where they lie in the image; for up to 8 histories vectors run along the inputs
                   instead (nn/kernels/core/few_sums.py), so that no lane is empty
                2. one pass backwards (nn/kernels/core/few_gradients.py): 8 histories of a vector of inputs
                   and of their signals stay in registers through all outputs, and every weight is read and
                   written once; more histories come in blocks of 8
                3. windows that do not overlap are transposed tile by tile in cache, of others the image
                   once; weights and windows are prefetched where no hardware prefetcher follows
                4. rows of tiles run in parallel forwards; backwards bands of them, the even ones and then
                   the odd ones: windows of bands two apart never overlap, so no sum is contended
                5. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 10 to 20 a thread: o1 loads and stores a sum for every multiply-add (10 to 30
                GFLOP/s a core), here one is loaded for eight and more. 8 histories against vectors of
                16 histories: 2, until memory is the limit (4 bytes a weight forwards, 8 backwards)
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                                 N  direction     ms  x below  x PyTorch  of the limit
    64x64x3 to 32x32x8, windows 5                      32  forward    0.304     7.77      75.39  54% products
    64x64x3 to 32x32x8, windows 5                      32  backward   0.830    14.02      32.33  40% products
    32x32x8 to 16x16x16, windows 5                     32  forward    0.275    10.57      24.87  77% products
    32x32x8 to 16x16x16, windows 5                     32  backward   0.713    19.37      15.90  59% products
    16x16x16 to 32x32x8, windows 5                     32  forward    0.855    12.46      16.75  91% products
    16x16x16 to 32x32x8, windows 5                     32  backward    2.10    23.31      12.94  74% products
    autoencoder 64x64x3 > 32x32x8 > 16x16x16 and back  32  step        13.5    10.59      19.46    39% memory
    384x384x3, 98 M weights, 8 histories                8  forward     21.8    16.85               33% memory
    384x384x3, 98 M weights, 8 histories                8  backward    41.9    14.19               34% memory
    384x384x3, 98 M weights, 32 histories              32  forward     46.7     9.60             57% products
    384x384x3, 98 M weights, 32 histories              32  backward     142    14.50             38% products
    384x384x3, 98 M weights, 8 histories, bfloat16      8  forward     22.5                      30% products
    384x384x3, 98 M weights, 8 histories, bfloat16      8  backward    43.6                      31% products
.. benchmark: end
Loses when:     lines of a window are short of whole vectors: 10 of 16 lanes work for a channel's windows
                of 10 x 10, 6 of 16 for those of 6 x 6
Limits:         forwards rows of tiles, backwards half the bands are the most threads that find work: 48
                and 6 for windows of 10 on 48 x 48 tiles; of others, all rows and half of them. 16 cores
                want larger images or tiles cut by columns too; at 64, memory bandwidth is the limit for
                8 histories long before
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp; the same bits for
                any number of threads, because bands meet in a fixed order
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from networks import local_o1
from networks.base.checks import check_input, check_signals
from networks.base.descent import gradient_targets
from networks.base.storage import converts
from networks.dense_o2 import WORTH_A_REGION
from nn.history import LANES, aligned_zeros, pad_histories, padded
from nn.image import Tiling
from nn.kernels.core.few import FEW
from nn.kernels.local import backward as local_backward
from nn.kernels.local import few as local_few
from nn.kernels.local import forward as kernels

TOGETHER = 4
"""Tiles whose windows of one channel fit into a core's L1 together."""


class Room(NamedTuple):
    """What passes need beside values and signals, in numbers.

    Attributes
    ----------
    row
        Of a row of transposed inputs, with room for the rest of a vector behind them.
    transposed
        Of the transposed inputs, where windows overlap; as many of their signals.
    scratch
        Of the working memory of a row of tiles.
    """

    row: int
    transposed: int
    scratch: int

    @classmethod
    def of(cls, tiling: Tiling, channels: int, groups: int, histories: int) -> Room:
        """Reckon it for so many output channels, groups of channels and (padded) histories."""
        shape, overlapping = tiling.input_shape, tiling.window > tiling.input_block
        seen = shape.width if overlapping else tiling.window**2
        row = padded(seen * shape.channels // groups) + LANES
        transposed, windows = (shape.height * groups * histories * row, 0) if overlapping else (0, 2)
        block = tiling.output_block**2 * channels * histories + FEW
        blocks = TOGETHER + 1 if groups > 1 else 1
        return cls(row, transposed, padded(blocks * block + windows * histories * row))


def history_numbers(tiling: Tiling, channels: int, groups: int, histories: int) -> int:
    """Return how many numbers a layer keeps for so many (padded) histories.

    Values and signals of the outputs, signals of the inputs, and its `Room`.
    """
    outputs = tiling.output_height * tiling.output_width * channels
    room = Room.of(tiling, channels, groups, histories)
    ends = (2 * outputs + tiling.input_shape.size) * histories
    return ends + 2 * room.transposed + tiling.rows * room.scratch


@converts
class Local(local_o1.Local):
    """A locally connected layer; see `networks.local.Local`."""

    _entries = 0

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] == histories:
            return
        self._values = aligned_zeros((*self.output_shape, histories), self.dtype)
        self._input_signals = aligned_zeros((*self.input_shape, histories), self.dtype)
        self._geometry = self._make_geometry(histories)
        room = Room.of(self.tiling, self.output_shape.channels, self.groups, histories)
        self._scratch = aligned_zeros((self.tiling.rows, room.scratch), self.dtype)
        self._transposed = aligned_zeros(room.transposed, self.dtype)
        self._transposed_signals = aligned_zeros(room.transposed, self.dtype)

    def _make_geometry(self, histories: int) -> kernels.Geometry:
        geometry, tiling = super()._make_geometry(histories), self.tiling
        return geometry._replace(
            band=self._band,
            overlapping=tiling.window > tiling.input_block,
            transposed_row=Room.of(tiling, self.output_shape.channels, self.groups, histories).row,
            together=TOGETHER if self.groups > 1 else 1,
            step=tiling.input_block * self.input_shape.channels // self.groups,
        )

    @property
    def _band(self) -> int:
        """Rows of tiles in a band: as many as keep the windows of bands i and i + 2 apart."""
        return max(1, -(-self.tiling.window // self.tiling.input_block) - 1)

    def history_bytes(self, histories: int) -> int:
        """Return what a training step takes: `history_numbers`, and a copy of inputs that are padded."""
        whole = padded(histories, _multiple_of(histories))
        copied = self.input_shape.size * whole if whole > histories else 0
        numbers = history_numbers(self.tiling, self.output_shape.channels, self.groups, whole)
        return (numbers + copied) * self.dtype.itemsize

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        check_input(self, values, self.input_shape, "input values")
        self._entries = values.shape[-1]
        self._inputs = pad_histories(values, self._multiple)
        self._reserve(self._inputs.shape[-1])
        slope = self.dtype.type(self.activation.slope)
        arrays, _ = self._arrays(learning_rate=0)
        parallel, serial = (
            (local_few.few_parallel, local_few.few_serial)
            if self._multiple == FEW
            else (kernels.forward_parallel, kernels.forward_serial)
        )
        run = parallel if self._parallel else serial
        run(self._geometry, arrays, self.activation.code, slope)
        return self.values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N); gradients are added or applied."""
        check_signals(self, signals)
        self._signals = pad_histories(signals, self._multiple)
        arrays, scale = self._arrays(learning_rate)
        slope = self.dtype.type(self.activation.slope)
        run = local_backward.backward_parallel if self._parallel else local_backward.backward_serial
        run(self._geometry, arrays, self.activation.code, slope, scale, self.propagates)
        return self._input_signals[..., : self._entries]

    @property
    def _multiple(self) -> int:
        """What the histories of the last forward are padded to."""
        return _multiple_of(self._entries)

    @property
    def _parallel(self) -> bool:
        """Whether a pass is worth a parallel region."""
        return self.connections * self._values.shape[-1] >= WORTH_A_REGION

    def _arrays(self, learning_rate: float | None) -> tuple[kernels.Arrays, np.floating]:
        weights, biases, scale = gradient_targets(self.parameters, learning_rate)
        arrays = kernels.Arrays(
            weights=self.parameters["weights"],
            weights_target=weights,
            biases=self.parameters["biases"].ravel(),
            biases_target=biases.ravel(),
            inputs=self._inputs.ravel(),
            input_signals=self._input_signals.ravel(),
            values=self._values.ravel(),
            signals=self._signals.ravel(),
            transposed=self._transposed,
            transposed_signals=self._transposed_signals,
            scratch=self._scratch,
        )
        return arrays, scale

    @property
    def values(self) -> np.ndarray:
        """Output values (H, W, C, N) of the last forward."""
        return self._values[..., : self._entries]

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (H, W, C, N) in the last backward."""
        return self._signals[..., : self._entries]


def _multiple_of(entries: int) -> int:
    """Return what histories are padded to: half a vector where that holds all of them."""
    return FEW if entries <= FEW else LANES
