"""Blueprint: what an encoder, a decoder and a predictor of videos are built from."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from nn.activations import Activation, Identity, Sigmoid, Tanh
from nn.argument_checks import check_count, check_number, check_positive
from nn.initializers import Glorot, He, Initializer, Normal, Uniform
from nn.lookup import look_up
from nn.losses import BinaryCrossEntropyWithLogits, Loss, SquaredError
from nn.shape import Shape, VideoShape, as_shape

KINDS = ("lstm", "convolution", "convolutional_lstm")
TASKS = {
    "both": ("reconstruction", "prediction"),
    "reconstruction": ("reconstruction",),
    "prediction": ("prediction",),
}
INPUTS = ("zeros", "own", "true")
RANGES = {"0-1": (0.0, 1.0), "-1-1": (-1.0, 1.0)}
SQUEEZED = "tanh_sigmoid"
LASTS: dict[str, Activation] = {"sigmoid": Sigmoid(), "tanh": Tanh(), "none": Identity()}
LOSSES: dict[str, Loss] = {"bce": BinaryCrossEntropyWithLogits(), "mse": SquaredError()}
COMBINATIONS = (
    ("-1-1", "tanh", "mse"),
    ("-1-1", "none", "mse"),
    ("0-1", "sigmoid", "bce"),
    ("0-1", "sigmoid", "mse"),
    ("0-1", "none", "mse"),
)
"""Ranges of frames with the last activations and losses that go together."""

HANDED_ON = ("all", "hidden")
INITIALIZERS: dict[str, Initializer] = {
    "glorot": Glorot(),
    "he": He(),
    "uniform": Uniform(0.05),
    "normal": Normal(0.05),
}


@dataclass(frozen=True)
class Blueprint:
    """What the networks are built from, and what they are to give.

    Attributes
    ----------
    frame
        Height, width and channels of a frame.
    steps_in, steps_out
        Frames that are read, and that are predicted after them.
    kind
        "lstm", frames as vectors; "convolution", an LSTM over the flattened features of a convolutional
        encoder, with a convolutional decoder behind it; "convolutional_lstm" (Shi et al. 2015), with images
        as states.
    task
        "reconstruction" of the frames read, "prediction" of those after them, or "both".
    units, layers
        Of the recurrent layers; channels of the convolutional LSTM.
    peepholes
        Whether gates see the cells.
    adapter
        Width of a linear layer before the LSTM and of one behind it; 0 for none.
    patch
        The convolutional LSTM reads squares of so many pixels a side as one pixel with more channels.
    kernel
        Side of the convolutional LSTM's kernels, odd.
    channels, halvings
        Of the convolutions: channels at half the size, twice as many at a quarter and so on; and how many
        times the size is halved.
    inputs
        What decoder and predictor read at a step: "zeros"; their "own" last output; or the "true" last
        frame. The first step of the decoder reads zeros, that of the predictor the last frame read. Where
        there is no truth, outside training, they read their own output in its place.
    backwards
        Whether the decoder makes the last frame first (Srivastava et al. 2015, section 2.2). What the
        network returns is in the order of the video all the same.
    handed_on
        The encoder's states that decoder and predictor begin with: "all" of them, or the "hidden" values
        alone with cells of zero, which keeps most of what was seen from them.
    value_range
        Of the frames, "0-1" or "-1-1".
    last
        Activation of the last layer: "sigmoid", "tanh" or "none". "tanh_sigmoid", a sigmoid of a tanh, is a
        mistake to be shown: it reaches 0.269 to 0.731 only.
    loss
        "mse", or "bce", the cross-entropy between pixels, computed from what the sigmoid is applied to.
    factor
        What the sum is multiplied by before the sigmoid.
    forget_bias
        Where the biases of the forget gates start.
    initializer
        How weights start: "glorot", "he", "uniform" or "normal"; recurrent ones are orthogonal with the
        first two.
    allow_squeezed
        Whether "tanh_sigmoid" is allowed, with a warning.

    Raises
    ------
    ValueError
        When a field has no such value, or two do not go together.
    """

    frame: Shape
    steps_in: int = 10
    steps_out: int = 10
    kind: str = "lstm"
    task: str = "both"
    units: int = 512
    layers: int = 1
    peepholes: bool = False
    adapter: int = 0
    patch: int = 1
    kernel: int = 3
    channels: int = 16
    halvings: int = 2
    inputs: str = "own"
    backwards: bool = True
    handed_on: str = "all"
    value_range: str = "0-1"
    last: str = "sigmoid"
    loss: str = "bce"
    factor: float = 1.0
    forget_bias: float = 1.0
    initializer: str = "glorot"
    allow_squeezed: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.frame, Shape):
            raise ValueError(f"video: frames of {self.frame}: give Shape(height, width, channels)")
        for field, table in (
            ("kind", KINDS),
            ("task", TASKS),
            ("inputs", INPUTS),
            ("handed_on", HANDED_ON),
            ("value_range", RANGES),
            ("last", (*LASTS, SQUEEZED)),
            ("loss", LOSSES),
            ("initializer", INITIALIZERS),
        ):
            look_up(dict.fromkeys(table), getattr(self, field), f"video: {field}")
        for field in ("steps_in", "steps_out", "units", "layers", "patch", "kernel", "channels", "halvings"):
            check_count(f"video: {field}", getattr(self, field))
        if self.adapter:
            check_count("video: adapter", self.adapter)
        check_positive("video: factor", self.factor)
        check_number("video: forget_bias", self.forget_bias)
        self._check_architecture()
        self._check_outputs()

    def _check_architecture(self) -> None:
        if self.kind == "convolutional_lstm":
            if self.kernel % 2 == 0:
                raise ValueError(f"video: a kernel of {self.kernel} has no middle: give an odd number")
            if self.frame.height % self.patch or self.frame.width % self.patch:
                raise ValueError(f"video: frames of {self.frame} are not made of patches of {self.patch}")
        elif self.patch != 1:
            raise ValueError(f"video: patches are for the convolutional LSTM, not for {self.kind}: give 1")
        if self.adapter and self.kind == "convolutional_lstm":
            raise ValueError("video: a convolutional LSTM has no linear adapters: give adapter 0")
        side = 2**self.halvings
        if self.kind == "convolution" and (self.frame.height % side or self.frame.width % side):
            raise ValueError(f"video: frames of {self.frame} cannot be halved {self.halvings} times")

    def _check_outputs(self) -> None:
        if self.last == SQUEEZED:
            said = (
                "video: a sigmoid of a tanh reaches 0.269 to 0.731 only, so that black and white are never "
                "reached whatever is learned: choose last='sigmoid'"
            )
            if not self.allow_squeezed or self.value_range != "0-1":
                raise ValueError(f"{said}, or allow_squeezed=True on frames of 0-1 to see it fail")
            warnings.warn(said, stacklevel=4)
        elif (self.value_range, self.last, self.loss) not in COMBINATIONS:
            known = "; ".join(", ".join(each) for each in COMBINATIONS)
            raise ValueError(
                f"video: frames of {self.value_range}, last activation {self.last} and loss {self.loss} do "
                f"not go together; these do: {known}"
            )
        if self.factor != 1 and self.last not in ("sigmoid", SQUEEZED):
            raise ValueError(f"video: a factor is for a sigmoid, not for {self.last}: give 1")

    @property
    def heads(self) -> tuple[str, ...]:
        """Names of what is given: "reconstruction", "prediction"."""
        return TASKS[self.task]

    @property
    def steps(self) -> int:
        """Frames of a clip to learn from."""
        return self.steps_in + (self.steps_out if self.needs_future else 0)

    @property
    def needs_future(self) -> bool:
        """Whether anything is predicted."""
        return "prediction" in self.heads

    def steps_of(self, head: str) -> int:
        """Return how many frames a head gives."""
        return self.steps_in if head == "reconstruction" else self.steps_out

    def video(self, steps: int) -> VideoShape:
        """Return the shape of so many frames."""
        return VideoShape(steps, *self.frame)

    @property
    def folded(self) -> Shape:
        """A frame as networks see it: patches are pixels."""
        height, width, channels = self.frame
        shape = as_shape((height // self.patch, width // self.patch, channels * self.patch**2))
        assert isinstance(shape, Shape)
        return shape

    @property
    def limits(self) -> tuple[float, float]:
        """Black and white."""
        return RANGES[self.value_range]

    @property
    def gives_logits(self) -> bool:
        """Whether the network's outputs are what the sigmoid is yet to be applied to."""
        return self.loss == "bce"

    @property
    def head_loss(self) -> Loss:
        """The loss of a head: the mean over pixels, frames and entries."""
        return LOSSES[self.loss]
