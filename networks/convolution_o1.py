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
                5. layers of up to three channels have tiles of their own (nn/kernels/core/thin_product.py)
                6. values, deltas and input signals are buffers kept between calls
                7. plain gradient descent can be applied in the same pass
Predicted gain: 2 to 10: sums stay in registers for a whole window, where the plain rung reads and writes
                all of them for every tap, 9 times for 3 x 3
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                                         N  direction     ms  x plain  x below  x PyTorch  of the limit
    28x28x1 to 14x14x16                        64  forward    0.054    38.09    38.09       1.60    31% memory
    28x28x1 to 14x14x16                        64  backward   0.236     6.90     6.90       2.71    14% memory
    14x14x16 to 7x7x32                         64  forward    0.142     4.29     4.29       1.32  75% products
    14x14x16 to 7x7x32                         64  backward   0.395     5.90     5.90       2.05  54% products
    64x64x3 to 32x32x16                        64  forward    0.406    10.63    10.63       1.40  56% products
    64x64x3 to 32x32x16                        64  backward    2.91     6.76     6.76       1.46  16% products
    32x32x16 to 32x32x32                       64  forward     3.08     4.72     4.72       1.01  77% products
    32x32x16 to 32x32x32                       64  backward    10.0     6.82     6.82       0.73  47% products
    32x32x16 to 16x16x32                       64  forward    0.963     5.07     5.07       0.90  61% products
    32x32x16 to 16x16x32                       64  backward    2.63     4.07     4.07       1.45  45% products
    14x14x16 to 28x28x1, transposed            64  forward    0.064     3.14     3.14      12.62    26% memory
    14x14x16 to 28x28x1, transposed            64  backward   0.188    13.80    13.80       1.56    18% memory
    7x7x32 to 14x14x16, transposed             64  forward    0.139     3.59     3.59       2.29  77% products
    7x7x32 to 14x14x16, transposed             64  backward   0.299     6.66     6.66       1.36  71% products
    16x16x32 to 32x32x16, transposed           64  forward    0.746     4.55     4.55       1.87  79% products
    16x16x32 to 32x32x16, transposed           64  backward    2.17     5.59     5.59       0.68  55% products
    32x32x16 to 64x64x3, transposed            64  forward    0.447    10.05    10.05       4.77  51% products
    32x32x16 to 64x64x3, transposed            64  backward    1.78     8.69     8.69       0.76  25% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32    64  step        1.51     7.91     7.91       1.91  47% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32  64  step        13.3     5.01     5.01       0.98  35% products
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
