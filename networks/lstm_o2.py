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
    24 steps of 6 to 24 units      128  forward             0.144    12.69     1.37       2.01  25% products
    24 steps of 6 to 24 units      128  backward            0.231     7.05     1.46       2.58  31% products
    24 steps of 6 to 24 units      128  forward + backward  0.492     8.12     1.10       1.89  22% products
    28 steps of 28 to 128 units     64  forward             0.873     7.62     1.73       1.23  67% products
    28 steps of 28 to 128 units     64  backward             1.87     4.69     1.99       1.18  63% products
    28 steps of 28 to 128 units     64  forward + backward   2.93     5.14     1.73       1.16  60% products
    20 steps of 64 to 256 units     32  forward              1.21     5.62     1.66       0.97  71% products
    20 steps of 64 to 256 units     32  backward             4.42     2.36     0.98       1.07  39% products
    20 steps of 64 to 256 units     32  forward + backward   3.56     4.98     1.86       1.18  72% products
    10 steps of 1024 to 512 units   32  forward              5.61     4.19     1.75       1.28  74% products
    10 steps of 1024 to 512 units   32  backward             12.7     3.50     1.69       0.99  65% products
    10 steps of 1024 to 512 units   32  forward + backward   17.9     3.72     1.81       1.09  69% products
.. benchmark: end
Limited by:     products: at 28 steps of 28 to 128 units, 64 histories, one thread, they take 2.5 of 2.9 ms
                forward, and 2.5 of 2.9 ms of the steps backward; most of the rest is tanh. Slices keep
                16 cores busy from 512 histories on, 64 cores from 2048. With fewer, cores share tiles of
                8 units, at most 32 blocks, with a barrier in every step: 16 cores need 128 units, and
                64 cores more blocks, as the gradients do
Loses when:     never expected: below a million multiply-adds it is o1
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh; the same bits for any
                number of threads, because every sum is made by one thread in a fixed order
"""

from __future__ import annotations

from networks import lstm
from networks.base.recurrent_tiles import TiledRecurrent
from networks.base.storage import converts
from nn.kernels.lstm import backward, forward


@converts
class LSTM(TiledRecurrent, lstm.LSTM):
    """Long short-term memory; see `networks.lstm.LSTM`."""

    forward_kernels = forward
    backward_kernels = backward
    parallel = True


@converts
class LSTMCell(lstm.LSTMCell, LSTM):
    """One step of an LSTM; see `networks.lstm.LSTMCell`."""
