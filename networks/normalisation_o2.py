"""Normalisation, rung o2: explicit vectors, blocks that stay in cache, in parallel.

Previous rung:  networks/normalisation_o1.py
What changed:   1. sums stay in vector registers: the loops of o1 keep them in memory
                2. a channel is measured block by block: the second pass over a block, for the variance,
                   finds it in cache; means and squares of the blocks are then put together
                3. a layer normalisation measures a vector of entries at a time: what it reads twice or
                   three times is still in cache, and no sum crosses a vector
                4. blocks run in parallel where the values are worth a parallel region
Predicted gain: 2 on one thread (5 passes over memory where o1 has 8), times the threads until memory is
                the limit
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction     ms  x below  x PyTorch  of the limit
    batch normalisation, 32x32x16  64  forward    0.176     1.62       5.67   101% memory
    batch normalisation, 32x32x16  64  backward   0.179     2.07       1.33   198% memory
    layer normalisation, 28x128    64  forward    0.081     0.78       0.87    48% memory
    layer normalisation, 28x128    64  backward   0.106     2.70       0.71    74% memory
.. benchmark: end
Loses when:     layer normalisation forwards, whose every vector is measured before it is written, and with
                arrays that lie in the cache; with fewer than 16 histories it normalises as many as with 16
Numerics:       1e-5 relative in float32: sums in another order, fused multiply-adds; the same bits for
                any number of threads, because blocks depend on the sizes alone
"""

from __future__ import annotations

import numpy as np

from networks import normalisation_o1
from networks.base.normalisation_base import Normalisation
from networks.base.storage import converts
from nn.history import LANES, pad_histories
from nn.kernels.normalisation import batch as batch_kernels
from nn.kernels.normalisation import layer as layer_kernels

BLOCK = 1 << 15
"""Numbers in a block: 128 KiB of float32, which a second-level cache holds twice."""

WORTH_A_REGION = 1 << 18
"""Numbers from which a parallel region (some microseconds) pays."""

GRADIENT_BLOCKS = 32
"""Most blocks of a layer normalisation: each has gradient sums of its own."""


class Padded(normalisation_o1.Buffered, Normalisation):
    """Histories filled up to whole vectors."""

    @staticmethod
    def _lay_out(values: np.ndarray) -> np.ndarray:
        return pad_histories(values)


@converts
class BatchNormalisation(Padded, normalisation_o1.BatchNormalisation):
    """Normalises channels over the batch; see `networks.normalisation.BatchNormalisation`."""

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
        worth = self._inputs.size >= WORTH_A_REGION
        (batch_kernels.run_parallel if worth else batch_kernels.run)(step, arrays, sizes)
        return arrays.partial


@converts
class LayerNormalisation(Padded, normalisation_o1.LayerNormalisation):
    """Normalises the features of each entry; see `networks.normalisation.LayerNormalisation`."""

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
        worth = self._inputs.size >= WORTH_A_REGION
        run = layer_kernels.run_parallel if worth else layer_kernels.run
        run(step, arrays, sizes, self.dtype.type(self.epsilon))
        return arrays.partial
