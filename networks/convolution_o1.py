"""Convolution, rung o1: register tiles of explicit SIMD over the windows, read where they lie, on one thread.

Previous rung:  networks/convolution.py
What changed:   networks/base/tiled_convolution.py, which the next rung runs as well:
                1. a window is one product on the register tile of nn/kernels/core/tile.py, read where it
                   lies in the image: no image of zeros around it, no call for each tap, no image of
                   products that is added to the sums; windows clipped at an edge skip the weights that
                   lie off it
                2. what spreads is gathered instead: each pixel sums the windows that see it, with the
                   weights turned round, for each phase of the stride; so forward sums and input signals
                   of both families are one kernel
                3. the weight gradient is a product with the image transposed once
                4. bias and activation are applied to a pixel while it is in cache
                5. layers of up to three channels have tiles of their own (nn/kernels/core/product_few.py)
                6. values, deltas and input signals are buffers kept between calls
                7. plain gradient descent can be applied in the same pass
Predicted gain: 2 to 10: sums stay in registers for a whole window, where the plain rung reads and writes
                all of them for every tap, 9 times for 3 x 3
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                         N  direction     ms  x plain  x below  x PyTorch  of the limit
    28x28x1 to 14x14x16                        64  forward    0.079    25.61    25.61       1.12    22% memory
    28x28x1 to 14x14x16                        64  backward   0.389     3.90     3.90       1.47     9% memory
    14x14x16 to 7x7x32                         64  forward    0.128     3.57     3.57       1.02  82% products
    14x14x16 to 7x7x32                         64  backward   0.355     4.30     4.30       1.35  59% products
    64x64x3 to 32x32x16                        64  forward    0.523     6.27     6.27       0.73  42% products
    64x64x3 to 32x32x16                        64  backward    2.85     5.52     5.52       0.96  16% products
    32x32x16 to 32x32x32                       64  forward     3.00     4.29     4.29       0.76  77% products
    32x32x16 to 32x32x32                       64  backward    8.05     5.54     5.54       0.60  58% products
    32x32x16 to 16x16x32                       64  forward    0.681     4.15     4.15       1.16  85% products
    32x32x16 to 16x16x32                       64  backward    2.49     3.77     3.77       0.76  47% products
    14x14x16 to 28x28x1, transposed            64  forward    0.173     1.18     1.18       2.78    10% memory
    14x14x16 to 28x28x1, transposed            64  backward   0.265     9.39     9.39       0.84    13% memory
    7x7x32 to 14x14x16, transposed             64  forward    0.164     2.95     2.95       1.99  64% products
    7x7x32 to 14x14x16, transposed             64  backward   0.335     5.79     5.79       1.24  63% products
    16x16x32 to 32x32x16, transposed           64  forward    0.902     3.87     3.87       1.55  64% products
    16x16x32 to 32x32x16, transposed           64  backward    2.45     4.88     4.88       0.67  47% products
    32x32x16 to 64x64x3, transposed            64  forward     1.08     2.85     2.85       1.74  21% products
    32x32x16 to 64x64x3, transposed            64  backward    1.93     7.23     7.23       0.59  23% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32    64  step        1.82     6.01     6.01       1.30  38% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32  64  step        14.0     4.42     4.42       0.84  33% products
.. benchmark: end
Loses when:     never seen
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh and exp
"""

from __future__ import annotations

from networks.base.tiled_convolution import TiledConvolution, TiledTransposedConvolution


class Convolution(TiledConvolution):
    """A convolutional layer; see `networks.convolution.Convolution`."""


class TransposedConvolution(TiledTransposedConvolution):
    """The transpose of a convolution; see `networks.convolution.TransposedConvolution`."""
