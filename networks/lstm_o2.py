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
    row                              N  direction              ms  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units      128  forward             0.224     3.00       1.81  34% products
    24 steps of 6 to 24 units      128  backward            0.382    17.10       2.26  40% products
    24 steps of 6 to 24 units      128  forward + backward  0.583    12.28       2.41  39% products
    28 steps of 28 to 128 units     64  forward              1.61     6.56       1.15  77% products
    28 steps of 28 to 128 units     64  backward             3.20    26.48       1.25  78% products
    28 steps of 28 to 128 units     64  forward + backward   4.88    19.43       1.24  76% products
    20 steps of 64 to 256 units     32  forward              2.25    10.46       1.03  81% products
    20 steps of 64 to 256 units     32  backward             4.69    22.20       1.09  77% products
    20 steps of 64 to 256 units     32  forward + backward   6.96    18.31       1.10  78% products
    10 steps of 1024 to 512 units   32  forward              9.56     2.91       1.16  91% products
    10 steps of 1024 to 512 units   32  backward             22.5     2.42       1.15  78% products
    10 steps of 1024 to 512 units   32  forward + backward   31.7     2.62       1.17  83% products
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
from networks.base.storage import converts
from networks.base.tiled_lstm import TiledLSTM


@converts
class LSTM(TiledLSTM):
    """Long short-term memory; see `networks.lstm.LSTM`."""

    parallel = True


@converts
class LSTMCell(lstm.LSTMCell, LSTM):
    """One step of an LSTM; see `networks.lstm.LSTMCell`."""
