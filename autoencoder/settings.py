"""Settings: every key of the program with its type, default, bounds and a description.

The command line's options, the configuration file's keys and a model's own record of how it was made
are all read and written through this one table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from nn import Fit, Shape
from workbench.settings.kinds import (
    Channels,
    Count,
    Directory,
    OptionalCount,
    OptionalMinutes,
    OptionalPath,
    none_if_empty,
    split_numbers,
)
from workbench.settings.stored import ProgramSettings
from workbench.settings.table import SettingsTable
from workbench.storable import storable

Start = Annotated[Literal["drawn", "principal"] | None, BeforeValidator(none_if_empty)]
Output = Annotated[Literal["sigmoid", "identity"] | None, BeforeValidator(none_if_empty)]
Kept = Annotated[Literal["last", "best"] | None, BeforeValidator(none_if_empty)]
Width = Annotated[int, Field(ge=1, le=65536)]
Widths = Annotated[tuple[Width, ...], BeforeValidator(split_numbers), Field(max_length=32)]
Storable = Annotated[float, AfterValidator(storable)]
OptionalPixels = Annotated[Annotated[int, Field(ge=0, le=16)] | None, BeforeValidator(none_if_empty)]

DEFAULT_EPOCHS = 40
FEW_IMAGES = 5_000
"""Training images up to which a folder is small: it gets what keeps a network from learning it by heart."""

DEFAULT_LAYERS = {"dense": (512, 256), "local": (8, 16), "graph": (512, 256)}


class Settings(ProgramSettings):
    """All settings of the program."""

    input_directory: OptionalPath = Field(
        None,
        description="folder of images (nested folders too), IDX file or folder, .npy or .npz of images; "
        "empty: digits rendered from fonts",
    )
    width: int = Field(28, ge=1, le=4096, description="width of the images that the network sees, in pixels")
    height: int = Field(28, ge=1, le=4096, description="their height, in pixels")
    channels: Channels = Field(1, description="grey, RGB or RGBA")
    fit: Fit = Field(
        "crop",
        description="how images of another size are fitted: crop covers and cuts the centre, pad adds a "
        "border that does not count in the loss, stretch distorts, random-crop cuts many pieces at the "
        "image's own scale",
    )
    crops: Count = Field(100, ge=1, description="pieces cut from each image, for fit=random-crop")
    held_out: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="share of the data that is not trained on; a test file of IDX data is "
        "held out whatever the share",
    )
    limit: OptionalCount = Field(
        None, description="use only the first so many images, or render so many digits; empty: all, or 20000"
    )

    architecture: Literal["dense", "local", "graph"] = Field(
        "dense",
        description="dense: every neuron connected to all of the next layer; local: windows that condense "
        "the image and expand it again; graph: random sparse connections",
    )
    code_size: int = Field(32, ge=1, le=65536, description="how many numbers an image is reduced to")
    layers: Widths = Field(
        (),
        description="the encoder's layers, mirrored in the decoder. dense, graph: neurons of each layer; "
        "local: channels of each layer, every one halving width and height; a last one of just code-size "
        "numbers is the code. Empty: 512,256 for dense and graph, 8,16 for local",
    )
    middle: int = Field(
        0,
        ge=0,
        le=16,
        description="local: layers of 3 x 3 windows that keep the size, before and after the code",
    )
    window: int = Field(
        4,
        ge=2,
        le=64,
        description="local: side of the windows that condense, in pixels; neighbouring "
        "windows are 2 pixels apart",
    )
    connections: Count = Field(32, ge=1, description="graph: connections into each neuron")
    moving: Literal["none", "set", "rigl"] = Field(
        "none",
        description="graph: whether the weakest connections move while training, their number as it is: set: "
        "to other pairs of neurons at random; rigl: to those with the largest gradients",
    )
    move_every: Count = Field(100, ge=1, description="graph: steps between two moves of connections")
    leakage: float = Field(
        0.1, ge=0, le=1, description="slope of the leaky ReLU below zero; 0 is a ReLU, 1 a linear network"
    )
    output_activation: Output = Field(
        None,
        description="of the last layer; results outside 0 to 1 are clipped when written. Empty: identity "
        "where the network starts as principal components, otherwise sigmoid",
    )
    start_from: Start = Field(
        None,
        description="drawn: weights as the initializer says; principal: a dense network starts as the "
        "principal components of the training images. Empty: principal for few images (up to "
        f"{FEW_IMAGES:,}) where it can be",
    )
    initializer: Literal["glorot", "he", "orthogonal", "normal", "uniform"] = Field(
        "glorot", description="how the weights start"
    )
    bias_mean: Storable = Field(0.0, allow_inf_nan=False, description="value at which every bias starts")

    loss: Literal["squared_error", "absolute_error", "binary_cross_entropy"] = Field(
        "squared_error", description="what training makes small; binary_cross_entropy needs a sigmoid"
    )
    optimizer: Literal[
        "sgd",
        "momentum",
        "nesterov",
        "rmsprop",
        "adagrad",
        "adadelta",
        "adam",
        "adamw",
        "adamax",
        "nadam",
        "ftrl",
    ] = Field("adam", description="how a step follows from the gradient")
    learning_rate: float = Field(0.001, gt=0, allow_inf_nan=False, description="length of a step")
    schedule: Literal["constant", "cosine"] = Field(
        "cosine", description="how the learning rate changes: not at all, or to zero along half a cosine"
    )
    shifts: OptionalPixels = Field(
        None,
        description="most pixels, up, down and to either side, by which training images are shifted, anew "
        "every time; empty: 2 for few images, otherwise and for graphs 0",
    )
    keep: Kept = Field(
        None,
        description="which epoch's network the model is when training ends: the last, or that with the best "
        "held-out loss (where nothing is held out, that of every tenth image, which is not learned from); "
        "empty: best for few images, otherwise last",
    )
    batch_size: int = Field(128, ge=1, le=65536, description="images in a step")
    epochs: OptionalCount = Field(
        None,
        description=f"passes over the training images; empty: {DEFAULT_EPOCHS}, or no limit when "
        "minutes are given",
    )
    minutes: OptionalMinutes = Field(None, description="longest training time; empty: no limit")
    snapshot_interval: float = Field(
        60.0, gt=0, allow_inf_nan=False, description="seconds between two snapshots of the training"
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="start of every random draw")

    model_directory: Directory = Field(Path("model"), description="folder that holds the model")
    output_directory: Directory = Field(Path("output"), description="folder for pictures, tables and arrays")
    threads: OptionalCount = Field(
        None, description="processor threads; empty: all there are, and fewer while others use them"
    )
    rung: Literal["plain", "o1", "o2"] = Field(
        "o2", description="implementation of the network: plain explains, o1 is fast on one thread, o2 on all"
    )
    storage: Literal["float32", "bfloat16"] = Field(
        "float32", description="as what values are kept: bfloat16 takes half the memory in dense networks"
    )

    @model_validator(mode="after")
    def _go_together(self) -> Settings:
        if self.loss == "binary_cross_entropy" and self.output_activation == "identity":
            raise ValueError("loss=binary_cross_entropy needs output-activation=sigmoid")
        if self.start_from == "principal":
            self._can_start_principal()
        if self.moving != "none" and self.architecture != "graph":
            raise ValueError(f"moving={self.moving} needs architecture=graph")
        if self.storage == "bfloat16" and self.rung != "o2":
            raise ValueError("storage=bfloat16 needs rung=o2")
        return self

    def _can_start_principal(self) -> None:
        if self.architecture != "dense":
            raise ValueError("start-from=principal needs architecture=dense")
        if self.loss == "binary_cross_entropy":
            raise ValueError("start-from=principal needs loss=squared_error or absolute_error")
        if self.output_activation == "sigmoid":
            raise ValueError("start-from=principal needs output-activation=identity")

    @property
    def shape(self) -> Shape:
        """Shape of an image."""
        return Shape(self.height, self.width, self.channels)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """`layers`, or what the architecture has when none are given."""
        return self.layers or DEFAULT_LAYERS[self.architecture]

    @property
    def epoch_limit(self) -> int | None:
        """`epochs`, or what holds when they are not given; None is no limit."""
        if self.epochs is None and self.minutes is None:
            return DEFAULT_EPOCHS
        return self.epochs


SECTIONS = {
    "input_directory": "data",
    "architecture": "network",
    "loss": "training",
    "model_directory": "results and machine",
}
"""The first field of each section of help texts and configuration files, and what it is called."""


TABLE = SettingsTable(Settings, SECTIONS, "autoencoder config")
"""What options, configuration files and models are read and written through."""
