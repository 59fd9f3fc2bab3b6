"""Convolution, rung o2: pixels in parallel.

Previous rung:  networks/convolution_o1.py
What changed:   pixels of the targets run in parallel, forwards and backwards: what spreads is gathered, so
                nothing races; the weight gradient is summed in fixed chunks of rows that are added in order
Predicted gain: the number of threads
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                         N  direction     ms  x plain  x below  x PyTorch  of the limit
    28x28x1 to 14x14x16                        64  forward    0.037    52.16     1.34       2.13    38% memory
    28x28x1 to 14x14x16                        64  backward   0.177     8.29     1.52       3.04    16% memory
    14x14x16 to 7x7x32                         64  forward    0.098     4.32     1.19       1.53  54% products
    14x14x16 to 7x7x32                         64  backward   0.214     6.58     1.45       2.14  49% products
    64x64x3 to 32x32x16                        64  forward    0.231    13.11     1.60       1.62  48% products
    64x64x3 to 32x32x16                        64  backward   0.832    16.53     2.03       2.59  27% products
    32x32x16 to 32x32x32                       64  forward     1.27     8.37     1.94       1.50  91% products
    32x32x16 to 32x32x32                       64  backward    3.51    11.50     1.98       1.31  66% products
    32x32x16 to 16x16x32                       64  forward    0.337     6.85     1.81       1.45  86% products
    32x32x16 to 16x16x32                       64  backward   0.999     8.85     1.99       1.81  58% products
    14x14x16 to 28x28x1, transposed            64  forward    0.048     4.26     1.57       9.54    29% memory
    14x14x16 to 28x28x1, transposed            64  backward   0.147    16.43     1.51       1.26    19% memory
    7x7x32 to 14x14x16, transposed             64  forward    0.091     5.22     1.47       3.35  58% products
    7x7x32 to 14x14x16, transposed             64  backward   0.212     8.65     1.48       1.48  50% products
    16x16x32 to 32x32x16, transposed           64  forward    0.387     7.20     1.79       2.85  75% products
    16x16x32 to 32x32x16, transposed           64  backward   0.928    11.24     1.88       1.31  63% products
    32x32x16 to 64x64x3, transposed            64  forward    0.244    11.30     1.92       6.64  46% products
    32x32x16 to 64x64x3, transposed            64  backward   0.783    15.65     1.86       1.34  28% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32    64  step       0.971    10.40     1.50       2.19  36% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32  64  step        6.90     7.96     1.65       1.55  33% products
.. benchmark: end
Loses when:     never expected: below a million multiply-adds it is o1
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp; the same bits for
                any number of threads, because every sum is made in a fixed order
"""

from __future__ import annotations

from networks.base.storage import converts
from networks.base.tiled_convolution import TiledConvolution, TiledTransposedConvolution


@converts
class Convolution(TiledConvolution):
    """A convolutional layer; see `networks.convolution.Convolution`."""

    parallel = True


@converts
class TransposedConvolution(TiledTransposedConvolution):
    """The transpose of a convolution; see `networks.convolution.TransposedConvolution`."""

    parallel = True
