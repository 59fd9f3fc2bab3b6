"""Convolution, rung o2: pixels in parallel.

Previous rung:  networks/convolution_o1.py
What changed:   pixels of the targets run in parallel, forwards and backwards: what spreads is gathered, so
                nothing races; the weight gradient is summed in fixed chunks of rows that are added in order
Predicted gain: the number of threads
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                         N  direction     ms  x plain  x below  x PyTorch  of the limit
    28x28x1 to 14x14x16                        64  forward    0.042    48.33     1.89       2.11    23% memory
    28x28x1 to 14x14x16                        64  backward   0.180     8.43     2.16       3.18    11% memory
    14x14x16 to 7x7x32                         64  forward    0.083     5.51     1.54       1.57  66% products
    14x14x16 to 7x7x32                         64  backward   0.220     6.94     1.62       2.19  50% products
    64x64x3 to 32x32x16                        64  forward    0.239    13.71     2.19       1.61  48% products
    64x64x3 to 32x32x16                        64  backward    1.01    15.55     2.82       2.70  23% products
    32x32x16 to 32x32x32                       64  forward     1.56     8.27     1.93       1.46  77% products
    32x32x16 to 32x32x32                       64  backward    4.14    10.76     1.94       1.17  58% products
    32x32x16 to 16x16x32                       64  forward    0.339     8.32     2.01       2.32  89% products
    32x32x16 to 16x16x32                       64  backward    1.06     8.85     2.35       1.78  57% products
    14x14x16 to 28x28x1, transposed            64  forward    0.053     3.83     3.24       9.01    18% memory
    14x14x16 to 28x28x1, transposed            64  backward   0.176    14.17     1.51       1.26    11% memory
    7x7x32 to 14x14x16, transposed             64  forward    0.093     5.22     1.77       3.51  59% products
    7x7x32 to 14x14x16, transposed             64  backward   0.239     8.14     1.40       1.74  46% products
    16x16x32 to 32x32x16, transposed           64  forward    0.421     8.28     2.14       3.31  72% products
    16x16x32 to 32x32x16, transposed           64  backward    1.03    11.62     2.38       1.59  59% products
    32x32x16 to 64x64x3, transposed            64  forward    0.265    11.63     4.08       7.12  44% products
    32x32x16 to 64x64x3, transposed            64  backward   0.830    16.81     2.33       1.37  28% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32    64  step        1.10     9.96     1.66       2.16  33% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32  64  step        7.64     8.12     1.84       1.54  31% products
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
