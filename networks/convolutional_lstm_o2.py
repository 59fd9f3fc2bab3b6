"""Convolutional LSTM, rung o2: rows of the images in parallel.

Previous rung:  networks/convolutional_lstm_o1.py
What changed:   rows run in parallel, a region for every step; gradients in parts that are always the same,
                added in order
Predicted gain: the number of threads, less some microseconds a step
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction    ms  x plain  x below  x PyTorch  of the limit
    8x16x16x8 to 16 channels, 3x3  16  forward    2.31    11.22     1.75       2.12  69% products
    8x16x16x8 to 16 channels, 3x3  16  backward   7.95     5.80     1.36       1.36  40% products
.. benchmark: end
Loses when:     never expected: below a million multiply-adds a step it is o1
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh; the same bits for any number of
                threads, because every sum is made by one thread in a fixed order
"""

from __future__ import annotations

from networks.base.storage import converts
from networks.base.tiled_convolutional_lstm import TiledConvolutionalLSTM


@converts
class ConvolutionalLSTM(TiledConvolutionalLSTM):
    """A layer that reads a video; see `networks.convolutional_lstm.ConvolutionalLSTM`."""

    parallel = True
