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
    row                                                  N  direction     ms  x below  x PyTorch  of the limit
    28x28x1 to 14x14x16                                 64  forward    0.407     7.71       0.29     7% memory
    28x28x1 to 14x14x16                                 64  backward    2.12     0.78       0.39     3% memory
    14x14x16 to 7x7x32                                  64  forward     2.04     0.23       0.12  11% products
    14x14x16 to 7x7x32                                  64  backward    9.28     0.19       0.08   5% products
    64x64x3 to 32x32x16                                 64  forward     5.59     0.56       0.10   9% products
    64x64x3 to 32x32x16                                 64  backward    24.0     0.66       0.16   4% products
    32x32x16 to 32x32x32                                64  forward     46.0     0.22       0.08  11% products
    32x32x16 to 32x32x32                                64  backward     202     0.21       0.04   5% products
    32x32x16 to 16x16x32                                64  forward     11.4     0.21       0.08  11% products
    32x32x16 to 16x16x32                                64  backward    50.8     0.20       0.09   5% products
    14x14x16 to 28x28x1, transposed                     64  forward    0.311     0.80       2.30    10% memory
    14x14x16 to 28x28x1, transposed                     64  backward    1.37     2.11       0.25     4% memory
    7x7x32 to 14x14x16, transposed                      64  forward     2.10     0.27       0.23  11% products
    7x7x32 to 14x14x16, transposed                      64  backward    9.61     0.22       0.07   5% products
    16x16x32 to 32x32x16, transposed                    64  forward     12.2     0.27       0.14  10% products
    16x16x32 to 32x32x16, transposed                    64  backward    53.2     0.23       0.05   5% products
    32x32x16 to 64x64x3, transposed                     64  forward     5.18     0.43       0.74   9% products
    32x32x16 to 64x64x3, transposed                     64  backward    23.1     0.70       0.09   4% products
    autoencoder 28x28x1 > 14x14x16 > 7x7x32 and back    64  step        27.6     0.46       0.14   5% products
    autoencoder 64x64x3 > 32x32x16 > 16x16x32 and back  64  step         182     0.36       0.09   5% products
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
