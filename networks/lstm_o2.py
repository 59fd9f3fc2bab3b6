"""LSTM, rung o2: slices of histories, or units, in parallel.

Previous rung:  networks/lstm_o1.py
What changed:   1. histories never meet: each thread takes a slice of 32 of them through all steps without
                   waiting for others; since slices lie one after the other, threads never share a cache
                   line or its neighbour
                2. with few histories or large weights the threads share the units of a step instead,
                   and the input's share of the gates is one product for all steps
                3. blocks of rows of the weights' gradients run in parallel
Predicted gain: the number of threads
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                              N  direction              ms  x plain  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units      128  forward             0.196     8.65     1.02       1.88  19% products
    24 steps of 6 to 24 units      128  backward            0.206     7.30     1.39       2.35  36% products
    24 steps of 6 to 24 units      128  forward + backward  0.330    10.12     1.48       2.35  34% products
    28 steps of 28 to 128 units     64  forward             0.998     8.42     1.92       1.18  60% products
    28 steps of 28 to 128 units     64  backward             1.65     5.25     2.04       1.29  72% products
    28 steps of 28 to 128 units     64  forward + backward   2.80     5.38     1.84       1.23  64% products
    20 steps of 64 to 256 units     32  forward              1.09     6.37     1.91       1.04  80% products
    20 steps of 64 to 256 units     32  backward             2.42     4.44     1.79       1.12  72% products
    20 steps of 64 to 256 units     32  forward + backward   4.01     4.40     1.68       1.11  65% products
    10 steps of 1024 to 512 units   32  forward              4.78     5.19     2.05       1.22  88% products
    10 steps of 1024 to 512 units   32  backward             11.1     3.86     1.88       1.06  76% products
    10 steps of 1024 to 512 units   32  forward + backward   16.7     4.06     2.09       1.14  75% products
.. benchmark: end
Limited by:     products: at 28 steps of 28 to 128 units, 64 histories, one thread, they take 2.5 of 2.9 ms
                forward, and 2.5 of 2.9 ms of the steps backward; most of the rest is tanh. Slices keep
                16 cores busy from 512 histories on, 64 cores from 2048. With fewer, cores share tiles of
                8 units, at most 32 blocks, with a barrier in every step: 16 cores need 128 units, and
                64 cores more blocks, as the gradients do
Loses when:     never expected: below a million multiply-adds it is o1
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh; the same bits for any
                number of threads, because every sum is made by one thread in a fixed order;
                numbers below 1.2e-38, such as signals that fade over many steps, count as zero
"""

from __future__ import annotations

from networks import lstm
from networks.base.recurrent_tiles import TiledRecurrent
from networks.base.storage import converts
from nn.kernels.lstm import backward, forward, pairs


@converts
class LSTM(TiledRecurrent, lstm.LSTM):
    """Long short-term memory; see `networks.lstm.LSTM`."""

    forward_kernels = forward
    backward_kernels = backward
    pair_kernels = pairs
    parallel = True


@converts
class LSTMCell(lstm.LSTMCell, LSTM):
    """One step of an LSTM; see `networks.lstm.LSTMCell`."""
