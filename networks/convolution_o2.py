"""Convolution, rung o2: pixels in parallel.

Previous rung:  networks/convolution_o1.py
What changed:   pixels of the targets run in parallel, forwards and backwards: what spreads is gathered, so
                nothing races; the weight gradient is summed in fixed chunks of rows that are added in order
Predicted gain: the number of threads
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                                  N  direction     ms  x below  x PyTorch  of the limit
    28x28x1 to 14x14x16                                 64  forward    0.057     7.12       2.06    28% memory
    28x28x1 to 14x14x16                                 64  backward   0.241     8.79       3.44    13% memory
    14x14x16 to 7x7x32                                  64  forward    0.145    14.05       1.62  78% products
    14x14x16 to 7x7x32                                  64  backward   0.370    25.09       2.05  61% products
    64x64x3 to 32x32x16                                 64  forward    0.382    14.65       1.53  63% products
    64x64x3 to 32x32x16                                 64  backward    1.31    18.26       2.89  37% products
    32x32x16 to 32x32x32                                64  forward     2.77    16.65       1.32  91% products
    32x32x16 to 32x32x32                                64  backward    7.00    28.88       1.20  72% products
    32x32x16 to 16x16x32                                64  forward    0.711    16.10       1.27  88% products
    32x32x16 to 16x16x32                                64  backward    1.97    25.76       2.41  64% products
    14x14x16 to 28x28x1, transposed                     64  forward    0.072     4.33       9.95    22% memory
    14x14x16 to 28x28x1, transposed                     64  backward   0.228     6.01       1.53    14% memory
    7x7x32 to 14x14x16, transposed                      64  forward    0.176    11.91       2.74  64% products
    7x7x32 to 14x14x16, transposed                      64  backward   0.425    22.59       1.64  53% products
    16x16x32 to 32x32x16, transposed                    64  forward    0.798    15.34       2.18  79% products
    16x16x32 to 32x32x16, transposed                    64  backward    2.01    26.54       1.45  63% products
    32x32x16 to 64x64x3, transposed                     64  forward    0.432    11.99       8.85  56% products
    32x32x16 to 64x64x3, transposed                     64  backward    1.42    16.33       1.44  34% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32 and back    64  step        1.72    16.08       2.26  44% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32 and back  64  step        11.2    16.23       1.48  44% products
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
