"""Gated recurrent unit, rung o2: slices of histories, or units, in parallel.

Previous rung:  networks/gru_o1.py
What changed:   1. histories never meet: each thread takes a slice of 32 of them through all steps without
                   waiting for others; since slices lie one after the other, threads never share a cache
                   line or its neighbour
                2. with few histories or large weights the threads share the units of a step instead,
                   and the input's share of the gates is one product for all steps
                3. blocks of rows of the weights' gradients run in parallel
Predicted gain: the number of threads
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction              ms  x plain  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units    128  forward             0.103    12.60     1.55       7.85  27% products
    24 steps of 6 to 24 units    128  backward            0.187     6.06     1.35      10.25  30% products
    24 steps of 6 to 24 units    128  forward + backward  0.327     8.06     1.29       9.91  25% products
    28 steps of 28 to 128 units   64  forward             0.724     7.29     1.72       3.40  62% products
    28 steps of 28 to 128 units   64  backward             1.80     3.96     1.62       3.31  50% products
    28 steps of 28 to 128 units   64  forward + backward   2.13     5.69     1.87       3.98  63% products
.. benchmark: end
Limited by:     as the LSTM, networks/lstm_o2.py, with three products a step instead of four
Loses when:     never expected: below a million multiply-adds it is o1
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh; the same bits for any
                number of threads, because every sum is made by one thread in a fixed order;
                numbers below 1.2e-38, such as signals that fade over many steps, count as zero
"""

from __future__ import annotations

from networks import gru
from networks.base.recurrent_tiles import TiledRecurrent
from networks.base.storage import converts
from nn.kernels.gru import backward, forward, pairs


@converts
class GRU(TiledRecurrent, gru.GRU):
    """Gated recurrent units; see `networks.gru.GRU`."""

    forward_kernels = forward
    backward_kernels = backward
    pair_kernels = pairs
    parallel = True


@converts
class GRUCell(gru.GRUCell, GRU):
    """One step of a GRU; see `networks.gru.GRUCell`."""
