"""LSTM, rung o1: register tiles of explicit SIMD, gates fused, on one thread.

Previous rung:  networks/lstm.py
What changed:   networks/base/recurrent_tiles.py, which the next rung runs as well:
                1. all products run on the register tile of nn/kernels/core/tile.py; the gradients of the
                   weights are one product over all steps and histories
                2. histories lie slice after slice, 32 of them: a slice goes through all steps, and what it
                   reads at a step is one contiguous piece; a gate's inputs and hidden values are one
                   product, and its sums become values while they are in cache
                3. backward reads transposed copies of the weights, in the order of memory
                4. gates, states, deltas and the room to work in are buffers kept between calls
                5. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 5 to 10 on small layers, where NumPy's thirty or so calls a step dominate; 2 on large ones:
                the tile reaches more than NumPy's library in products of 32 to 64 histories, and gates take
                no passes over memory
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                              N  direction              ms  x plain  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units      128  forward             0.199     8.51     8.51       1.85  36% products
    24 steps of 6 to 24 units      128  backward            0.287     5.25     5.25       1.69  50% products
    24 steps of 6 to 24 units      128  forward + backward  0.487     6.86     6.86       1.59  44% products
    28 steps of 28 to 128 units     64  forward              1.92     4.38     4.38       0.62  61% products
    28 steps of 28 to 128 units     64  backward             3.38     2.57     2.57       0.63  69% products
    28 steps of 28 to 128 units     64  forward + backward   5.14     2.93     2.93       0.67  68% products
    20 steps of 64 to 256 units     32  forward              2.08     3.35     3.35       0.55  82% products
    20 steps of 64 to 256 units     32  backward             4.34     2.48     2.48       0.62  79% products
    20 steps of 64 to 256 units     32  forward + backward   6.72     2.63     2.63       0.66  76% products
    10 steps of 1024 to 512 units   32  forward              9.78     2.53     2.53       0.60  84% products
    10 steps of 1024 to 512 units   32  backward             20.8     2.05     2.05       0.56  79% products
    10 steps of 1024 to 512 units   32  forward + backward   35.0     1.95     1.95       0.55  70% products
.. benchmark: end
Loses when:     never seen; a network of one or two units takes the same time on every rung
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh
"""

from __future__ import annotations

from networks import lstm
from networks.base.recurrent_tiles import TiledRecurrent
from nn.kernels.lstm import backward, forward


class LSTM(TiledRecurrent, lstm.LSTM):
    """Long short-term memory; see `networks.lstm.LSTM`."""

    forward_kernels = forward
    backward_kernels = backward


class LSTMCell(lstm.LSTMCell, LSTM):
    """One step of an LSTM; see `networks.lstm.LSTMCell`."""
