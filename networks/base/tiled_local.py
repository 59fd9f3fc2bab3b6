"""The fast rungs of local layers: register tiles over windows that are read where they lie."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from networks import local
from networks.base.checks import check_input, check_signals
from networks.base.gradient_targets import gradient_targets
from networks.base.tiled_dense import WORTH_A_REGION
from nn.history import LANES, aligned_zeros, pad_histories, padded
from nn.kernels.core.half_vectors import HALF_LANES
from nn.kernels.local import backward as local_backward
from nn.kernels.local import forward as kernels
from nn.kernels.local import half_vectors
from nn.tiling import Tiling

TOGETHER = 4
"""Tiles whose windows of one channel fit into a core's L1 together."""


class ScratchSizes(NamedTuple):
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
    def of(cls, tiling: Tiling, channels: int, groups: int, histories: int) -> ScratchSizes:
        """Compute it for so many output channels, groups of channels and (padded) histories."""
        shape, overlapping = tiling.input_shape, tiling.window > tiling.input_block
        seen = shape.width if overlapping else tiling.window**2
        row = padded(seen * shape.channels // groups) + LANES
        transposed, windows = (shape.height * groups * histories * row, 0) if overlapping else (0, 2)
        block = tiling.output_block**2 * channels * histories + HALF_LANES
        blocks = TOGETHER + 1 if groups > 1 else 1
        return cls(row, transposed, padded(blocks * block + windows * histories * row))


def history_numbers(tiling: Tiling, channels: int, groups: int, histories: int) -> int:
    """Return how many numbers a layer keeps for so many (padded) histories.

    Values and signals of the outputs, signals of the inputs, and its `ScratchSizes`.
    """
    outputs = tiling.output_height * tiling.output_width * channels
    room = ScratchSizes.of(tiling, channels, groups, histories)
    ends = (2 * outputs + tiling.input_shape.size) * histories
    return ends + 2 * room.transposed + tiling.rows * room.scratch


class TiledLocal(local.Local):
    """A locally connected layer whose windows run on the register tile.

    Attributes
    ----------
    parallel
        Whether rows of tiles run on several threads where a layer is large enough.
    """

    parallel: ClassVar[bool] = False
    _entries = 0

    def _reserve(self, histories: int) -> None:
        if self._values.shape[-1] == histories:
            return
        self._values = aligned_zeros((*self.output_shape, histories), self.dtype)
        self._input_signals = aligned_zeros((*self.input_shape, histories), self.dtype)
        self._geometry = self._make_geometry(histories)
        room = ScratchSizes.of(self.tiling, self.output_shape.channels, self.groups, histories)
        self._scratch = aligned_zeros((self.tiling.rows, room.scratch), self.dtype)
        self._transposed = aligned_zeros(room.transposed, self.dtype)
        self._transposed_signals = aligned_zeros(room.transposed, self.dtype)

    def _make_geometry(self, histories: int) -> kernels.Geometry:
        tiling = self.tiling
        return kernels.Geometry(
            row_spans=tiling.row_spans,
            column_spans=tiling.column_spans,
            weight_offsets=self.weight_offsets,
            width=self.input_shape.width,
            channels=self.input_shape.channels,
            block=tiling.output_block,
            output_channels=self.output_shape.channels,
            groups=self.groups,
            histories=histories,
            band=self._band,
            overlapping=tiling.window > tiling.input_block,
            transposed_row=ScratchSizes.of(tiling, self.output_shape.channels, self.groups, histories).row,
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
            (half_vectors.half_vectors_parallel, half_vectors.half_vectors_serial)
            if self._multiple == HALF_LANES
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
        """Whether a pass runs in parallel."""
        return self.parallel and self.connections * self._values.shape[-1] >= WORTH_A_REGION

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
    return HALF_LANES if entries <= HALF_LANES else LANES
