"""Gated recurrent unit, rung o1: register tiles of explicit SIMD, gates fused, on one thread.

Previous rung:  networks/gru.py
What changed:   networks/base/recurrent_tiles.py, which the next rung runs as well:
                1. all products run on the register tile of nn/kernels/core/tile.py; the gradients of the
                   weights are one product over all steps and histories
                2. histories lie slice after slice, 32 of them: a slice goes through all steps, and what it
                   reads at a step is one contiguous piece; a gate's inputs and hidden values are one
                   product, and its sums become values while they are in cache
                3. backward reads transposed copies of the weights, in the order of memory
                4. gates, states, deltas and the room to work in are buffers kept between calls
                5. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: as the LSTM, networks/lstm_o1.py, with three products a step instead of four
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction              ms  x plain  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units    128  forward             0.160     8.13     8.13       5.06  34% products
    24 steps of 6 to 24 units    128  backward            0.252     4.50     4.50       7.61  43% products
    24 steps of 6 to 24 units    128  forward + backward  0.420     6.27     6.27       7.71  39% products
    28 steps of 28 to 128 units   64  forward              1.25     4.23     4.23       1.97  70% products
    28 steps of 28 to 128 units   64  backward             2.91     2.45     2.45       2.04  60% products
    28 steps of 28 to 128 units   64  forward + backward   3.98     3.05     3.05       2.13  66% products
.. benchmark: end
Loses when:     never seen; a network of one or two units takes the same time on every rung
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh
"""

from __future__ import annotations

from networks import gru
from networks.base.recurrent_tiles import TiledRecurrent
from nn.kernels.gru import backward, forward


class GRU(TiledRecurrent, gru.GRU):
    """Gated recurrent units; see `networks.gru.GRU`."""

    forward_kernels = forward
    backward_kernels = backward


class GRUCell(gru.GRUCell, GRU):
    """One step of a GRU; see `networks.gru.GRUCell`."""
