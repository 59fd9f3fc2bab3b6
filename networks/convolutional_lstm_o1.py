"""Convolutional LSTM, rung o1: whole lines of an image on the register tile, gates fused, on one thread.

Previous rung:  networks/convolutional_lstm.py
What changed:   networks/base/tiled_convolutional_lstm.py, which the next rung runs as well:
                1. images lie as (height, channels, width, histories) with a margin of zeros: the sums of
                   one row of positions are one product on the register tile of nn/kernels/core/tile.py,
                   width times histories wide, so that a few histories fill the vectors as well as many
                2. what the inputs contribute is summed for all steps at once; so are the input signals
                3. hidden and input signals are convolutions too, with the weights turned round
                4. gradients of weights are products over width times histories of the deltas with the
                   transposed rows, all channels and kernel rows side by side
                5. all that a gate does is one pass over a line on explicit vectors, while its sums are
                   in cache
                6. kernels of three rows, on images of an even height, run on pairs of rows with four
                   products instead of six, backwards as well: nn/kernels/convolutional_lstm/pairs.py
Predicted gain: 3 to 6, as networks/convolution_o1.py: sums stay in registers for a whole window, and a
                step makes no call from Python
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction    ms  x plain  x below  x PyTorch  of the limit
    8x16x16x8 to 16 channels, 3x3  16  forward    4.05     6.40     6.40       1.21  79% products
    8x16x16x8 to 16 channels, 3x3  16  backward   10.8     4.26     4.26       1.00  59% products
.. benchmark: end
Loses when:     never seen
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh, sums and differences of rows
"""

from __future__ import annotations

from networks.base.tiled_convolutional_lstm import TiledConvolutionalLSTM


class ConvolutionalLSTM(TiledConvolutionalLSTM):
    """A layer that reads a video; see `networks.convolutional_lstm.ConvolutionalLSTM`."""
