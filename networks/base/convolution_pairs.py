"""What a convolution in bfloat16 keeps as pairs, for the processor's dot products.

The layer computes in float32 inside, as `networks.base.storage.converts` has it: sums, values, deltas and
gradients. What its products read is rounded, and laid out as `nn.kernels.convolution.pairs` says.
"""

from __future__ import annotations

import numpy as np

from networks.base.pair_words import PairWords
from nn.history import LANES, padded
from nn.kernels.convolution import backward, pairs
from nn.kernels.convolution.forward import Layer, Plan


class ConvolutionPairs(PairWords):
    """The words of a convolution."""

    def layer(
        self, plan: Plan, weights: np.ndarray, biases: np.ndarray, sources: np.ndarray, targets: np.ndarray
    ) -> Layer:
        """Pair weights in the order of a plan, and its sources; all arrays are flat, and float32."""
        channels, histories = plan.sources, plan.histories
        count = channels + channels % 2
        rounded = self.words(f"weights for {plan.targets}", weights.size // channels * count // 2)
        image = self.words(f"sources of {plan.targets}", sources.size // channels * count // 2)
        pairs.round_weights(weights, rounded.view(np.uint16), channels)
        pairs.pair_image(sources, image, channels, histories)
        return Layer(rounded, biases, image, targets)

    def deltas(
        self, plan: Plan, arrays: backward.Arrays, activation: tuple[int, np.floating], learns: bool
    ) -> backward.Arrays:
        """Compute the deltas; return the arrays for the gradients with words on both sides of the windows."""
        inputs = plan.width * plan.sources
        rows = arrays.image.size // (inputs * plan.histories)
        width = padded(inputs) + LANES
        windows, image = (
            self.words(name, array.size // 2)
            for name, array in (("windows", arrays.windows), ("image", arrays.image))
        )
        rounded = pairs.Rounded(
            windows=windows.view(np.uint16),
            image=image.view(np.uint16),
            image_words=image,
            transposed=self.words("transposed", rows * plan.histories // 2 * width),
        )
        pairs.deltas_parallel(plan, arrays, rounded, *activation, learns)
        return arrays._replace(windows=windows, image=image, transposed=rounded.transposed)
