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
Predicted gain: 5 to 10 on small layers, where NumPy's some thirty calls a step rule; 2 on large ones: the
                tile reaches more than NumPy's library in products of 32 to 64 histories, and gates take no
                passes over memory
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                              N  direction              ms  x plain  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units      128  forward             0.198     9.28     9.28       1.47  35% products
    24 steps of 6 to 24 units      128  backward            0.337     4.82     4.82       1.76  41% products
    24 steps of 6 to 24 units      128  forward + backward  0.542     7.37     7.37       1.71  38% products
    28 steps of 28 to 128 units     64  forward              1.51     4.40     4.40       0.71  74% products
    28 steps of 28 to 128 units     64  backward             3.73     2.36     2.36       0.59  60% products
    28 steps of 28 to 128 units     64  forward + backward   5.08     2.97     2.97       0.67  66% products
    20 steps of 64 to 256 units     32  forward              2.00     3.39     3.39       0.58  82% products
    20 steps of 64 to 256 units     32  backward             4.32     2.42     2.42       1.10  76% products
    20 steps of 64 to 256 units     32  forward + backward   6.64     2.67     2.67       0.63  75% products
    10 steps of 1024 to 512 units   32  forward              9.82     2.39     2.39       0.73  81% products
    10 steps of 1024 to 512 units   32  backward             21.5     2.07     2.07       0.58  74% products
    10 steps of 1024 to 512 units   32  forward + backward   32.4     2.06     2.06       0.60  73% products
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
