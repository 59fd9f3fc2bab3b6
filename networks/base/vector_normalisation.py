"""The fast rungs of normalisation: explicit vectors, blocks that stay in cache."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from networks import normalisation
from networks.base.normalisation_base import Normalisation
from nn.history import LANES, aligned_zeros, pad_histories
from nn.kernels.normalisation import batch as batch_kernels
from nn.kernels.normalisation import layer as layer_kernels

BLOCK = 1 << 15
"""Numbers in a block: 128 KiB of float32, which a second-level cache holds twice."""

WORTH_A_REGION = 1 << 18
"""Numbers from which a parallel region (some microseconds) pays."""

GRADIENT_BLOCKS = 32
"""Most blocks of a layer normalisation: each has gradient sums of its own."""


class VectorNormalisation(Normalisation):
    """Histories filled up to whole vectors, and buffers for what comes out.

    Attributes
    ----------
    parallel
        Whether blocks run on several threads where it pays.
    """

    parallel: ClassVar[bool] = False

    @staticmethod
    def _lay_out(values: np.ndarray) -> np.ndarray:
        return pad_histories(values)

    def _reserve(self) -> None:
        if self._values.shape != self._inputs.shape:
            self._values = aligned_zeros(self._inputs.shape, self.dtype)
            self._input_signals = aligned_zeros(self._inputs.shape, self.dtype)

    @property
    def _worth(self) -> bool:
        """Whether a pass runs in parallel."""
        return self.parallel and self._inputs.size >= WORTH_A_REGION


class VectorBatchNormalisation(VectorNormalisation, normalisation.BatchNormalisation):
    """Normalises channels over the batch."""

    def _measure(self, active: int) -> tuple[np.ndarray, np.ndarray]:
        self._reserve()
        means, variances = np.empty((2, *self._running_means.shape), self.dtype)
        partial = self._run(batch_kernels.MEASURE)
        batch_kernels.combine(partial, self._sizes, means, variances)
        return means, variances

    def _normalise(self) -> np.ndarray:
        self._reserve()
        factors = self.parameters["scale"] * self._factors
        self._run(batch_kernels.NORMALISE, factors=factors, offsets=self.parameters["shift"])
        return self._values

    def _sums(self) -> tuple[np.ndarray, np.ndarray]:
        products, totals = self._run(batch_kernels.SUM).sum(axis=1)
        return (products * self._factors).astype(self.dtype), totals.astype(self.dtype)

    def _propagate(self, scale_gradient: np.ndarray, shift_gradient: np.ndarray) -> np.ndarray:
        if self.propagates:
            factors, slopes, offsets = self._line(scale_gradient, shift_gradient)
            self._run(batch_kernels.PROPAGATE, factors=factors, slopes=-slopes, offsets=-offsets)
        return self._input_signals

    def _line(
        self, scale_gradient: np.ndarray, shift_gradient: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a, b and c of: input signal = a * signal - b * (input - mean) - c."""
        factors = self.parameters["scale"] * self._factors
        share = 0 if self._active is None else 1 / (len(self._inputs) * self._active)
        shares = factors * self.dtype.type(share)
        return factors, shares * scale_gradient * self._factors, shares * shift_gradient

    @property
    def _sizes(self) -> batch_kernels.Sizes:
        positions, channels, histories = self._inputs.shape
        blocks = max(1, self._inputs.size // BLOCK)
        position_blocks = min(positions, blocks)
        channel_blocks = min(channels, blocks // position_blocks)
        active = histories if self._active is None else self._active
        return batch_kernels.Sizes(positions, channels, histories, active, position_blocks, channel_blocks)

    def _run(self, step: int, **of_channels: np.ndarray) -> np.ndarray:
        """Run a pass with what it needs for every channel; return the sums of the blocks."""
        sizes = self._sizes
        arrays = batch_kernels.Arrays(
            inputs=self._inputs.ravel(),
            outputs=self._values.ravel(),
            signals=self._signals.ravel(),
            input_signals=self._input_signals.ravel(),
            means=self._means,
            factors=of_channels.get("factors", self._means),
            slopes=of_channels.get("slopes", self._means),
            offsets=of_channels.get("offsets", self._means),
            partial=np.empty((2, sizes.position_blocks, sizes.channels)),
        )
        (batch_kernels.run_parallel if self._worth else batch_kernels.run)(step, arrays, sizes)
        return arrays.partial


class VectorLayerNormalisation(VectorNormalisation, normalisation.LayerNormalisation):
    """Normalises the features of each entry."""

    def _reserve(self) -> None:
        super()._reserve()
        groups, _, histories = self._inputs.shape
        if self._means.shape != (groups, histories):
            self._means, self._factors = np.empty((2, groups, histories), self.dtype)

    def _normalise(self) -> np.ndarray:
        self._reserve()
        self._run(layer_kernels.NORMALISE)
        return self._values

    def _propagate(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        products, totals = self._run(layer_kernels.PROPAGATE).sum(axis=1).astype(self.dtype)
        return self._input_signals, {"scale": products, "shift": totals}

    @property
    def _sizes(self) -> layer_kernels.Sizes:
        groups, width, histories = self._inputs.shape
        blocks = min(GRADIENT_BLOCKS, max(1, self._inputs.size // BLOCK))
        group_blocks = min(groups, blocks)
        history_blocks = min(histories // LANES, blocks // group_blocks)
        return layer_kernels.Sizes(groups, width, histories, group_blocks, history_blocks)

    def _run(self, step: int) -> np.ndarray:
        """Run a pass; return the sums of the blocks."""
        sizes = self._sizes
        arrays = layer_kernels.Arrays(
            inputs=self._inputs.ravel(),
            outputs=self._values.ravel(),
            signals=self._signals.ravel(),
            input_signals=self._input_signals.ravel(),
            scale=self.parameters["scale"].ravel(),
            shift=self.parameters["shift"].ravel(),
            means=self._means.ravel(),
            factors=self._factors.ravel(),
            partial=np.empty((2, sizes.group_blocks * sizes.history_blocks, sizes.width)),
        )
        run = layer_kernels.run_parallel if self._worth else layer_kernels.run
        run(step, arrays, sizes, self.dtype.type(self.epsilon))
        return arrays.partial
