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
    28x28x1 to 14x14x16                        64  forward    0.049    38.82    38.82       1.59    32% memory
    28x28x1 to 14x14x16                        64  backward   0.270     5.45     5.45       2.00    12% memory
    14x14x16 to 7x7x32                         64  forward    0.116     3.63     3.63       1.29  87% products
    14x14x16 to 7x7x32                         64  backward   0.309     4.55     4.55       1.48  65% products
    64x64x3 to 32x32x16                        64  forward    0.370     8.18     8.18       1.01  58% products
    64x64x3 to 32x32x16                        64  backward    1.69     8.14     8.14       1.28  25% products
    32x32x16 to 32x32x32                       64  forward     2.46     4.32     4.32       0.78  90% products
    32x32x16 to 32x32x32                       64  backward    6.94     5.82     5.82       0.66  64% products
    32x32x16 to 16x16x32                       64  forward    0.610     3.79     3.79       0.80  91% products
    32x32x16 to 16x16x32                       64  backward    1.99     4.44     4.44       0.91  56% products
    14x14x16 to 28x28x1, transposed            64  forward    0.075     2.71     2.71       6.07    21% memory
    14x14x16 to 28x28x1, transposed            64  backward   0.222    10.89    10.89       0.83    14% memory
    7x7x32 to 14x14x16, transposed             64  forward    0.134     3.54     3.54       2.27  75% products
    7x7x32 to 14x14x16, transposed             64  backward   0.314     5.85     5.85       1.00  64% products
    16x16x32 to 32x32x16, transposed           64  forward    0.694     4.02     4.02       1.59  80% products
    16x16x32 to 32x32x16, transposed           64  backward    1.74     5.99     5.99       0.70  64% products
    32x32x16 to 64x64x3, transposed            64  forward    0.470     5.87     5.87       3.45  45% products
    32x32x16 to 64x64x3, transposed            64  backward    1.45     8.43     8.43       0.72  29% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32    64  step        1.46     6.92     6.92       1.46  46% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32  64  step        11.4     4.84     4.84       0.94  39% products
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
