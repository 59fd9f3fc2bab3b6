"""Convolution, rung o2: pixels in parallel.

Previous rung:  networks/convolution_o1.py
What changed:   pixels of the targets run in parallel, forwards and backwards: what spreads is gathered, so
                nothing races; the weight gradient is summed in fixed chunks of rows that are added in order
Predicted gain: the number of threads
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                         N  direction     ms  x plain  x below  x PyTorch  of the limit
    28x28x1 to 14x14x16                        64  forward    0.040    50.51     1.33       2.13    29% memory
    28x28x1 to 14x14x16                        64  backward   0.179     9.09     1.32       3.57    13% memory
    14x14x16 to 7x7x32                         64  forward    0.102     6.00     1.40       1.84  54% products
    14x14x16 to 7x7x32                         64  backward   0.284     8.20     1.39       2.85  38% products
    64x64x3 to 32x32x16                        64  forward    0.295    14.64     1.38       1.93  39% products
    64x64x3 to 32x32x16                        64  backward    1.56    12.59     1.86       2.72  15% products
    32x32x16 to 32x32x32                       64  forward     1.76     8.26     1.75       1.76  68% products
    32x32x16 to 32x32x32                       64  backward    5.43    12.56     1.84       1.35  44% products
    32x32x16 to 16x16x32                       64  forward    0.599     8.14     1.61       1.45  50% products
    32x32x16 to 16x16x32                       64  backward    1.96     5.47     1.34       1.95  31% products
    14x14x16 to 28x28x1, transposed            64  forward    0.076     2.66     0.85      10.68    15% memory
    14x14x16 to 28x28x1, transposed            64  backward   0.228    11.42     0.83       1.29    10% memory
    7x7x32 to 14x14x16, transposed             64  forward    0.096     5.23     1.46       3.33  57% products
    7x7x32 to 14x14x16, transposed             64  backward   0.285     7.01     1.05       1.43  38% products
    16x16x32 to 32x32x16, transposed           64  forward    0.389     8.74     1.92       3.59  78% products
    16x16x32 to 32x32x16, transposed           64  backward   0.997    12.16     2.17       1.47  61% products
    32x32x16 to 64x64x3, transposed            64  forward    0.240    18.74     1.87       8.90  48% products
    32x32x16 to 64x64x3, transposed            64  backward   0.860    17.96     2.07       1.57  27% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32    64  step        1.02    11.73     1.48       2.83  36% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32  64  step        7.96     8.35     1.67       1.63  30% products
.. benchmark: end
Loses when:     some passes of less than 0.3 ms, where starting a parallel region can cost more than it gains;
                below a million multiply-adds it is o1
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
