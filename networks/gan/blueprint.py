"""Blueprint: what a pair of networks is built from."""

from __future__ import annotations

from dataclasses import dataclass

from networks.gan.sizes import SMALLEST, halved
from nn.argument_checks import check_below_one, check_count
from nn.data.errors import DataError
from nn.lookup import look_up
from nn.shape import AnyShape, SequenceShape, Shape, as_shape
from nn.short_text import join_names

ARCHITECTURES = ("dense", "lstm", "bidirectional", "convolution_lstm", "convolution")
RECURRENT = ("lstm", "bidirectional")
WITHOUT_STEPS = ("dense", "convolution")
CONDITIONINGS = ("none", "inputs", "auxiliary", "projection")
NORMALISATIONS = ("none", "batch", "layer", "spectral")
NOISES = ("step", "entry")
RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}


@dataclass(frozen=True)
class Blueprint:
    """What a generator and a discriminator are built from.

    Attributes
    ----------
    data_shape
        Of an entry: Shape(height, width, channels), or SequenceShape(steps, variables).
    architecture
        Of the generator: "dense", "lstm" (noise at every step, or row of an image), "bidirectional" (an
        LSTM in both directions), "convolution_lstm" (an LSTM over the rows, and convolutions on what it
        draws) or "convolution".
    discriminator
        The same for the discriminator; empty for that of the generator.
    units, layers
        Of recurrent and dense layers.
    channels
        Of the convolutions at full size; half the size has twice as many.
    noise
        Numbers that an entry is made of, or for recurrent generators every step of it.
    noise_per
        What a recurrent generator's noise is drawn for: every "step" (Esteban et al. 2017), which draws what
        is rough, or once for the "entry" and the same at all its steps, which draws smooth curves.
    classes
        How many, 0 without labels.
    conditioning
        How labels come in: "none"; "inputs", beside the noise and beside the data, at every step (RCGAN:
        Esteban et al. 2017) or pixel; "auxiliary", a class head of the discriminator (AC-GAN: Odena et
        al. 2017); "projection", a score for each class (Miyato and Koyama 2018). The generator sees labels
        beside the noise in all three.
    sequences
        Whether a recurrent discriminator scores every step, or the last alone.
    output
        "tanh" for data in -1 to 1, "sigmoid" for 0 to 1.
    normalisation, discriminator_normalisation
        Of convolutions: "none", "batch", "layer", and for the discriminator's "spectral".
    dropout
        Rate, in the discriminator.
    minibatch_statistics
        Entries of a group whose deviation is a further feature in front of the discriminator's head (Karras
        et al. 2018), 0 for none. Groups are neighbours in a batch, which must be a multiple of this, so that
        each has real entries or generated ones.
    multi_scale
        Whether convolutional networks exchange an image at every size (Karnewar and Wang 2020); see
        `networks.gan.multi_scale`.
    completes
        Whether a part of every entry is given, and the generator makes the rest; see `Gan`.

    Raises
    ------
    ValueError
        When a field has no such value, or two do not go together.
    """

    data_shape: Shape | SequenceShape
    architecture: str = "lstm"
    discriminator: str = ""
    units: int = 64
    layers: int = 1
    channels: int = 32
    noise: int = 16
    noise_per: str = "step"
    classes: int = 0
    conditioning: str = "none"
    sequences: bool = False
    output: str = "tanh"
    normalisation: str = "batch"
    discriminator_normalisation: str = "none"
    dropout: float = 0.0
    minibatch_statistics: int = 0
    multi_scale: bool = False
    completes: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.data_shape, Shape | SequenceShape):
            raise ValueError(f"gan: data of {self.data_shape}: give an image or a sequence")
        for field, table in (
            ("architecture", ARCHITECTURES),
            ("conditioning", CONDITIONINGS),
            ("output", RANGES),
            ("noise_per", NOISES),
            ("normalisation", NORMALISATIONS[:3]),
            ("discriminator_normalisation", NORMALISATIONS),
        ):
            look_up(dict.fromkeys(table), getattr(self, field), f"gan: {field}")
        look_up(dict.fromkeys(ARCHITECTURES), self.judge, "gan: discriminator")
        for field in ("units", "layers", "channels", "noise"):
            check_count(f"gan: {field}", getattr(self, field))
        check_below_one("gan: dropout", self.dropout)
        if self.minibatch_statistics:
            check_count("gan: minibatch_statistics", self.minibatch_statistics, least=2)
        if self.multi_scale:
            self._check_scales()
        if self.conditioning != "none" and self.classes < 2:
            raise ValueError(
                f"gan: conditioning by {self.conditioning} needs labels of two classes or more, "
                f"not {self.classes}: give labels, or conditioning 'none'"
            )

    def _check_scales(self) -> None:
        """Refuse networks that have no images of several sizes."""
        kinds = {self.architecture, self.judge}
        if not isinstance(self.data_shape, Shape) or kinds != {"convolution"}:
            raise ValueError(
                f"gan: multi_scale is for images and convolution on both sides, not for {self.data_shape} "
                f"and {join_names(sorted(kinds))}: leave it out, or take architecture 'convolution'"
            )
        if len(halved(self.data_shape)) == 1:
            raise ValueError(
                f"gan: multi_scale needs images of several sizes, and {self.data_shape} cannot be halved: "
                f"give a side that is even and at least {2 * SMALLEST}, or leave it out"
            )

    @property
    def judge(self) -> str:
        """The discriminator's architecture."""
        return self.discriminator or self.architecture

    @property
    def conditions(self) -> int:
        """Numbers that say the class to the generator."""
        return 0 if self.conditioning == "none" else self.classes

    @property
    def judged_conditions(self) -> int:
        """Numbers that say the class to the discriminator, beside the data."""
        return self.classes if self.conditioning == "inputs" else 0

    @property
    def heads(self) -> int:
        """Numbers that the discriminator says: a score, and something for each class."""
        return 1 + (self.classes if self.conditioning in ("auxiliary", "projection") else 0)

    @property
    def rows(self) -> SequenceShape:
        """The data as steps: rows of an image from top to bottom."""
        shape = self.data_shape
        if isinstance(shape, Shape):
            return SequenceShape(shape.height, shape.width * shape.channels)
        return shape

    @property
    def image(self) -> Shape:
        """The data as an image: a sequence is one pixel wide, its variables are channels."""
        shape = self.data_shape
        return shape if isinstance(shape, Shape) else Shape(shape.steps, 1, shape.features)

    @property
    def noise_shape(self) -> AnyShape:
        """What the generator takes: noise and conditions, at every step where it is recurrent."""
        numbers = self.noise + self.known + self.conditions
        if self.is_recurrent:
            return SequenceShape(self.rows.steps, numbers)
        return Shape(1, 1, numbers)

    @property
    def is_recurrent(self) -> bool:
        """Whether the generator takes noise at every step."""
        return self.architecture not in WITHOUT_STEPS

    @property
    def known(self) -> int:
        """Numbers beside the noise that say what is given: those of the step, or of the whole entry."""
        if not self.completes:
            return 0
        return self.rows.features if self.is_recurrent else self.data_shape.size

    @property
    def judged_data(self) -> AnyShape:
        """The data as the discriminator reads them: rows as steps where it is recurrent."""
        return self.rows if self.judge in RECURRENT else self.data_shape

    @property
    def judged_shape(self) -> AnyShape:
        """What the discriminator takes: the data, and conditions at every step or pixel."""
        *sides, last = self.judged_data
        return as_shape((*sides, last + self.judged_conditions))

    def check_data(self, shape: tuple[int, ...]) -> None:
        """Refuse entries (N, ...) of another shape.

        Raises
        ------
        DataError
            Naming both shapes.
        """
        if tuple(shape[1:]) != tuple(self.data_shape):
            raise DataError(f"gan: entries are {shape[1:]}, the networks are built for {self.data_shape}")

    def check_batch(self, size: int) -> None:
        """Refuse batches of real entries, or of generated ones, that leave a part of a group over.

        Raises
        ------
        ValueError
            Naming both sizes.
        """
        group = self.minibatch_statistics
        if group and size % group:
            raise ValueError(
                f"gan: batches of {size} entries do not divide into groups of {group} for minibatch "
                "statistics: take a batch_size that is a multiple, or other groups"
            )
