"""What networks that read a video and remember images share: their frame, states and masks.

A family says what the steps compute (`_run`, `_run_back`, `_gradients`); the rest is here, the same on every
rung. A missing step (`step_mask`) leaves the states as they are, and its output is zero.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype, check_input, check_signals
from networks.base.configuration import Fields, undrawn
from networks.base.gradient_targets import apply_gradient
from networks.base.stateful import AnyStates, Stateful
from nn.argument_checks import check_count
from nn.history import padded
from nn.initializers import Initializer, Zeros
from nn.parameters import Parameters
from nn.shape import AnyShape, VideoShape, as_shape
from nn.windows import Kernel


class ConvolutionalRecurrent(Stateful):
    """A layer that reads a video image by image and remembers images, (height, width, channels, N).

    Parameters
    ----------
    input_shape
        Steps, height, width and channels.
    channels
        Of the hidden values.
    kernel
        Side of all convolution kernels, odd.
    whole_sequence
        Whether the output is the hidden values of every step, or the last ones alone, an image.
    stateful
        Whether a forward continues from the final states of the one before, until `reset`. No gradient
        flows from one to the other.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When the input is not a video, there is no channel, or the kernel is not odd.
    """

    gate_count: ClassVar[int]
    input_shape: VideoShape

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        channels: int,
        kernel: int,
        whole_sequence: bool,
        stateful: bool,
        dtype: DTypeLike,
    ) -> None:
        self.input_shape = video = self._checked_video(as_shape(input_shape), channels, kernel)
        channels, kernel = int(channels), int(kernel)
        self.steps, self.channels, self.kernel = video.steps, channels, kernel
        self.whole_sequence, self.stateful = whole_sequence, stateful
        as_shape((*video[:-1], self.gate_count * channels))  # refuses what cannot be counted
        image = video.height, video.width, channels
        self.output_shape = as_shape((video.steps, *image) if whole_sequence else image)
        self._windows = Kernel((kernel, kernel), (1, 1), "same", (1, 1)).over(video.height, video.width)
        self.parameters = Parameters(self._shapes(), check_dtype(dtype))
        self._mask: np.ndarray | None = None
        self._entries = 0
        self._reserve(0)
        self._signals = np.zeros((*self.output_shape, 0), self.dtype)
        self._state_signals = self._empty_states(0)

    def _checked_video(self, shape: AnyShape, channels: int, kernel: int) -> VideoShape:
        if not isinstance(shape, VideoShape):
            raise ValueError(
                f"{self.family}: the input {shape} is not a video: give steps, height, width, channels"
            )
        check_count(f"{self.family}: channels", channels)
        if check_count(f"{self.family}: kernel", kernel) % 2 == 0:
            raise ValueError(f"{self.family}: a kernel of {kernel} has no middle: give an odd number")
        return shape

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of all parameters by name."""
        gates, sides = self.gate_count * self.channels, (self.kernel, self.kernel)
        return {
            "input_weights": (gates, *sides, self.input_shape.channels),
            "recurrent_weights": (gates, *sides, self.channels),
            "biases": (gates,),
        }

    @abstractmethod
    def _reserve(self, histories: int) -> None:
        """Make room for so many histories."""

    @abstractmethod
    def _run(self, states: Sequence[np.ndarray]) -> None:
        """Run all steps from the initial states; `self._inputs` is set, zero where a step is missing."""

    @abstractmethod
    def _run_back(self, finals: Sequence[np.ndarray]) -> tuple[Sequence[np.ndarray], np.ndarray]:
        """Run all steps backwards; return the signals of the initial states, and those of the inputs.

        `finals` are the signals of the final states, a copy. Those of the outputs are `self._signals`, for
        every step, if `self.whole_sequence`; otherwise they are included in `finals`.
        """

    @abstractmethod
    def _gradients(self) -> dict[str, np.ndarray]:
        """Return the gradients of all parameters after the steps were run backwards."""

    @abstractmethod
    def _hidden_images(self) -> np.ndarray:
        """Return the hidden values before the first and after every step, (T + 1, H, W, channels, N)."""

    def _draw(self, name: str, initializer: Initializer, generator: np.random.Generator) -> None:
        """Draw the weights of each gate as a matrix, a row for every channel."""
        fan_out = self.kernel**2 * self.channels
        for weights in np.split(self.parameters[name], self.gate_count):
            matrix = self.channels, weights[0].size
            drawn = initializer(matrix, matrix[1], fan_out, generator=generator, dtype=self.dtype)
            weights[...] = drawn.reshape(weights.shape)

    def _state_shape(self, entries: int) -> tuple[int, ...]:
        return self.input_shape.height, self.input_shape.width, self.channels, entries

    def _where_present(self, steps: Any, values: np.ndarray, otherwise: Any) -> np.ndarray:
        """Return values (..., H, W, C, N), replaced by `otherwise` for the histories that lack a step."""
        if self._mask is None:
            return values
        return np.where(self._mask[steps][..., None, None, None, :], values, otherwise)

    def forward(
        self, values: np.ndarray, training: bool = False, initial: AnyStates | None = None
    ) -> np.ndarray:
        """Return the output values of input values (T, H, W, C, N).

        `initial` are the states before the first step; by default zero or, where the network is stateful,
        those after the last forward.
        """
        check_input(self, values, self.input_shape, "input values")
        entries = values.shape[-1]
        starts = self._starting_states(initial, entries, training)
        self._mask = self.checked_step_mask(entries)
        if entries != self._entries:
            self._entries = entries
            self._reserve(entries)
        self._inputs = self._where_present(slice(None), values, self.dtype.type(0))
        self._run(starts or self._empty_states(entries))
        self._carry_on(training)
        return self.values

    def backward(
        self,
        signals: np.ndarray,
        learning_rate: float | None = None,
        final_signals: AnyStates | None = None,
    ) -> np.ndarray:
        """Return the input signals (T, H, W, C, N) of output signals; gradients are added or applied.

        `final_signals` are dLoss / d final states, by default zero; `initial_signals` follow from them.
        """
        check_signals(self, signals)
        self._signals = signals
        finals = self._empty_states(self._entries)
        if final_signals is not None:
            self._check_states(final_signals, "final signals", self._entries)
            for state, given in zip(finals, final_signals, strict=True):
                state[...] = given
        if not self.whole_sequence:
            finals.hidden[...] += signals
        initials, input_signals = self._run_back(finals)
        self._state_signals = self.state_kind(*initials)
        for name, gradient in self._gradients().items():
            apply_gradient(self.parameters, name, gradient, learning_rate)
        return input_signals

    @property
    def initial_signals(self) -> AnyStates:
        """dLoss / d initial states in the last backward."""
        return self._state_signals

    @property
    def values(self) -> np.ndarray:
        """Output values of the last forward."""
        images = self._hidden_images()
        if not self.whole_sequence:
            return images[-1]
        return self._where_present(slice(None), images[1:], self.dtype.type(0))

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs in the last backward."""
        return self._signals

    @property
    def connections(self) -> int:
        """Uses of weights per history: at every step, and every position where they see the image."""
        sources = self.input_shape.channels + self.channels
        return self.steps * self.gate_count * self.channels * sources * self._windows.connections

    def history_bytes(self, histories: int) -> int:
        """Return about how much memory a training step takes beside the parameters."""
        state = math.prod(self._state_shape(self.steps))
        kinds = 2 * self.gate_count + len(self.state_kind._fields) + 1
        return (2 * self.input_shape.size + kinds * state) * padded(histories) * self.dtype.itemsize

    def forward_bytes(self, histories: int) -> int:
        """Return the memory for states and gates at every step."""
        kinds = self.gate_count + len(self.state_kind._fields)
        return kinds * math.prod(self._state_shape(self.steps)) * padded(histories) * self.dtype.itemsize

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return super().to_configuration() | {
            "channels": self.channels,
            "kernel": self.kernel,
            "whole_sequence": self.whole_sequence,
            "stateful": self.stateful,
        }

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return undrawn() | {
            "recurrent_initializer": Zeros(),
            "channels": fields.whole("channels"),
            "kernel": fields.whole("kernel"),
            "whole_sequence": fields.boolean("whole_sequence"),
            "stateful": fields.boolean("stateful"),
        }
