"""Dense, rung o2: blocks of rows in parallel.

Previous rung:  networks/dense_o1.py
What changed:   1. blocks of rows of the outputs, and of the inputs for their signals, run in parallel where
                   a layer is large enough for a parallel region; what is done to a block is done in one
                   core's cache
                2. values and signals can be stored as bfloat16 (networks/base/dense_stored.py), and products
                   run on the processor's dot products of pairs where it has them (dense_paired.py)
Predicted gain: the number of threads, less some microseconds for each of up to three parallel regions
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                    N  direction     ms  x plain  x below  x PyTorch  of the limit
    16 to 16                              32  forward    0.006     1.11     0.84       1.46     1% memory
    16 to 16                              32  backward   0.011     1.20     0.89       3.64     1% memory
    512 to 512                            64  forward    0.138     3.00     1.70       2.24  51% products
    512 to 512                            64  backward   0.250     3.03     1.27       2.19  56% products
    autoencoder 784-256-64-32-64-256-784  64  step       0.461     5.47     1.95       3.32  64% products
    tiny network 2-16-16-1                32  step       0.016     4.17     3.22      10.89     3% memory
    MNIST, 784-256-64-32-64-256-784       64  epoch        603     3.84     3.84       2.41    65% memory
.. benchmark: end
Loses when:     layers of some hundred connections: to ask whether they store bfloat16 takes half a
                microsecond; below a million multiply-adds it is o1 otherwise
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp; the same bits for
                any number of threads, because every sum is made by one thread in a fixed order
"""

from __future__ import annotations

import numpy as np

from networks.base.dense_paired import PairedDense
from networks.base.dense_stored import StoredDense
from networks.base.storage import HALF, PAIRED, WITHOUT
from networks.base.tiled_dense import TiledDense
from nn.kernels.core.dot_products import has_dot_products


class Dense(TiledDense):
    """A fully connected layer; see `networks.dense.Dense`."""

    parallel = True
    stores_halves = True
    _stored: StoredDense | None = None

    def _store_as(self, storage: str) -> None:
        """Forget the last forward as well: its arrays are of the other dtype."""
        super()._store_as(storage)
        self.use_buffers([np.zeros(shape, self.stored_dtype) for shape in self.buffer_shapes(0)])
        self.signal_rows = self.value_rows
        kind = PairedDense if has_dot_products() else StoredDense
        self._stored = kind() if storage == HALF else None

    @property
    def arithmetic(self) -> str:
        """See `Network.arithmetic`."""
        if self._stored is None:
            return ""
        return PAIRED if isinstance(self._stored, PairedDense) else WITHOUT

    def _compute(self, values: np.ndarray) -> None:
        if self._stored is None:
            super()._compute(values)
        else:
            self._stored.forward(self, values)

    def _propagate(self, signals: np.ndarray, learning_rate: float | None) -> None:
        if self._stored is None:
            super()._propagate(signals, learning_rate)
        else:
            self._stored.backward(self, signals, learning_rate)

    def history_bytes(self, histories: int) -> int:
        """Return what histories take, and the copy of the weights; see `Network.history_bytes`."""
        rounded = self.connections * self.stored_dtype.itemsize if self.storage == HALF else 0
        return super().history_bytes(histories) + rounded
