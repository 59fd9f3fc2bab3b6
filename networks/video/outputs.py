"""From the sums of the last layer to frames and to what a loss takes, and back."""

from __future__ import annotations

import numpy as np

from networks.video.blueprint import LASTS, SQUEEZED, Blueprint
from nn.activations import Tanh

tanh = Tanh()


class LastActivation:
    """What is applied to the sums z of the last layer.

        y = f(factor * z)        the frame, f the last activation; f(factor * tanh(z)) where it is squeezed
        o = y                    the output, or factor * z, the logits, where the loss takes these

    Parameters
    ----------
    blueprint
        Says which.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self._squeezed = blueprint.last == SQUEEZED
        self._function = LASTS["sigmoid" if self._squeezed else blueprint.last]
        self._factor, self._logits = blueprint.factor, blueprint.gives_logits

    def frames_and_outputs(self, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return y and o of z, any shape; they may be one array."""
        scaled = self._scaled(tanh(sums) if self._squeezed else sums)
        frames = self._function(scaled)
        return frames, scaled if self._logits else frames

    def frames(self, outputs: np.ndarray) -> np.ndarray:
        """Return y of o."""
        return self._function(outputs) if self._logits else outputs

    def sum_signals(
        self, sums: np.ndarray, frames: np.ndarray, of_outputs: np.ndarray, of_frames: np.ndarray | None
    ) -> np.ndarray:
        """Return dLoss / dz, given that of o and, where frames are fed back, of y."""
        slope = self._function.derivative
        if self._logits:
            signals = of_outputs if of_frames is None else of_outputs + of_frames * slope(frames)
        else:
            signals = (of_outputs if of_frames is None else of_outputs + of_frames) * slope(frames)
        signals = self._scaled(signals)
        return signals * tanh.derivative(tanh(sums)) if self._squeezed else signals

    def _scaled(self, values: np.ndarray) -> np.ndarray:
        return values if self._factor == 1 else values * values.dtype.type(self._factor)


def fold(frames: np.ndarray, patch: int) -> np.ndarray:
    """Return frames (T, H, W, C, N) with squares of `patch` pixels a side as pixels of more channels."""
    if patch == 1:
        return frames
    steps, height, width, channels, entries = frames.shape
    apart = frames.reshape(steps, height // patch, patch, width // patch, patch, channels, entries)
    together = apart.transpose(0, 1, 3, 2, 4, 5, 6)
    return together.reshape(steps, height // patch, width // patch, channels * patch**2, entries)


def unfold(folded: np.ndarray, patch: int) -> np.ndarray:
    """Undo `fold`."""
    if patch == 1:
        return folded
    steps, rows, columns, numbers, entries = folded.shape
    apart = folded.reshape(steps, rows, columns, patch, patch, numbers // patch**2, entries)
    together = apart.transpose(0, 1, 3, 2, 4, 5, 6)
    return together.reshape(steps, rows * patch, columns * patch, numbers // patch**2, entries)
