"""LSTM, rung o1: register tiles of explicit SIMD, gates fused, on one thread.

Previous rung:  networks/lstm.py
What changed:   networks/base/tiled_lstm.py and recurrent_tiles.py, which the next rung runs as well:
                1. all products run on the register tile of nn/kernels/core/tile.py; the gradients of the
                   weights are one product over all steps and histories
                2. histories lie slice after slice, 32 of them: a slice goes through all steps, and what it
                   reads at a step is one contiguous piece; a gate's inputs and hidden values are one
                   product, and its sums become values while they are in cache
                3. backward reads transposed copies of the weights, in the order of memory
                4. gates, states, deltas and the room to work in are buffers kept between calls
                5. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 5 to 10 on small layers, where NumPy's some thirty calls a step rule; 2 on large ones: the
                tile reaches more than NumPy's library in products of 32 to 64 histories, and gates take no
                passes over memory
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction              ms  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units    128  forward             0.670     3.05       0.60  23% products
    24 steps of 6 to 24 units    128  backward             6.53     0.27       0.13   5% products
    24 steps of 6 to 24 units    128  forward + backward   7.16     0.57       0.20   6% products
    28 steps of 28 to 128 units   64  forward              10.5     0.77       0.17  23% products
    28 steps of 28 to 128 units   64  backward             84.7     0.12       0.05   6% products
    28 steps of 28 to 128 units   64  forward + backward   94.9     0.20       0.06   8% products
    20 steps of 64 to 256 units   32  forward              23.5     0.36       0.10  15% products
    20 steps of 64 to 256 units   32  backward              104     0.12       0.05   7% products
    20 steps of 64 to 256 units   32  forward + backward    127     0.16       0.06   9% products
.. benchmark: end
Loses when:     never seen; a network of one or two units takes the same time on every rung
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh
"""

from __future__ import annotations

from networks import lstm
from networks.base.tiled_lstm import TiledLSTM


class LSTM(TiledLSTM):
    """Long short-term memory; see `networks.lstm.LSTM`."""


class LSTMCell(lstm.LSTMCell, LSTM):
    """One step of an LSTM; see `networks.lstm.LSTMCell`."""
