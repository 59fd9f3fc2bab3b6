"""Settings of adversarial training: every key with its type, default, bounds and a description."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from networks.gan import Blueprint, GanSettings
from nn import SequenceShape, Shape
from nn.losses.adversarial import ADVERSARIAL_LOSSES
from workbench.errors import SettingsError
from workbench.settings.kinds import (
    Channels,
    Count,
    Directory,
    OptionalCount,
    OptionalMinutes,
    OptionalPath,
    none_if_empty,
    split,
)
from workbench.settings.stored import ProgramSettings
from workbench.settings.table import SettingsTable

DEFAULT_EPOCHS = 10
"""Passes over the training entries when neither epochs nor minutes are given."""

DIGITS = "digits"
SINES = {"sines": "paper", "sines-code": "code"}
"""Built-in series, and which definition each has."""

DEFAULT_WINDOW = 24
"""Steps of built-in series."""

Architecture = Literal["dense", "lstm", "bidirectional", "convolution_lstm", "convolution"]
OptionalArchitecture = Annotated[Architecture | None, BeforeValidator(none_if_empty)]
Conditioning = Annotated[
    Literal["none", "inputs", "auxiliary", "projection"] | None, BeforeValidator(none_if_empty)
]
OptionalText = Annotated[str | None, BeforeValidator(none_if_empty)]
Names = Annotated[tuple[str, ...], BeforeValidator(split)]
OptionalFit = Annotated[Literal["crop", "pad", "stretch"] | None, BeforeValidator(none_if_empty)]
ArrayKind = Annotated[Literal["images", "series"] | None, BeforeValidator(none_if_empty)]
SplitBy = Annotated[Literal["series", "time"] | None, BeforeValidator(none_if_empty)]
Share = Annotated[float, Field(gt=0, lt=1)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Steps = Annotated[int, Field(ge=1, le=1000)]
Size = Annotated[int, Field(ge=1, le=65536)]


class Settings(ProgramSettings):
    """All settings of the program."""

    data: str = Field(
        DIGITS,
        min_length=1,
        description="what to learn: digits (rendered, with labels), sines or sines-code (both definitions "
        "of TimeGAN's sines), or a path: folder of images or IDX files, .npy or .npz, series as .csv, .tsv, "
        ".txt, .ts or .arff",
    )
    test_data: OptionalPath = Field(
        None,
        description="file of entries to test on, of the same kind; empty: a share of the data, or the "
        "test file of an IDX folder",
    )
    limit: OptionalCount = Field(
        None,
        description="use only the first so many entries, or make so many digits or sines; empty: all, or "
        "2000",
    )
    classes: Names = Field((), description="classes to use, such as 0,1,2; empty: all there are")
    kind: ArrayKind = Field(
        None,
        description="what a .npy or .npz holds; empty: images where it has bytes, four axes or an array "
        "called images, otherwise series",
    )
    test_share: Share = Field(0.1, description="share of the entries that is kept for the evaluation")
    validation_share: Share = Field(
        0.1, description="share of the others that scores the generator while it trains"
    )

    components: Fraction = Field(
        0.0,
        description="networks see entries as principal components with this share of the variance, such as "
        "0.99999 (dense networks); 0: as they are",
    )
    size: int = Field(28, ge=4, le=512, description="side of images, in pixels")
    channels: Channels = Field(1, description="of images: grey, RGB or RGBA")
    fit: OptionalFit = Field(
        None,
        description="how images are fitted: crop covers and cuts the centre, pad adds a border, stretch "
        "distorts; empty: crop, and images that differ in size are refused",
    )

    window: OptionalCount = Field(
        None,
        description="steps of the windows that series are cut into, after the split; empty: whole series, "
        f"or sines of {DEFAULT_WINDOW} steps",
    )
    stride: Count = Field(1, ge=1, description="steps from one window to the next")
    split_by: SplitBy = Field(
        None,
        description="how series are divided: whole ones, or by time with a gap as long as the window; "
        "empty: whole ones, a single one by time",
    )
    missing: Literal["refuse", "interpolate"] = Field(
        "refuse", description="what is done with missing values of series"
    )
    sine_variables: Size = Field(5, description="variables of built-in sines")
    timegan_order: bool = Field(
        False, description="turn series round in time, only to repeat what TimeGAN was measured on"
    )
    series_column: OptionalText = Field(None, description="column of a .csv that tells series apart")
    label_column: OptionalText = Field(None, description="column of a .csv with the class")
    time_column: OptionalText = Field(
        None, description="column of a .csv with numbers or dates that increase"
    )
    variables: Names = Field((), description="columns of a .csv that are values; empty: all others")
    row: Literal["step", "series"] = Field("step", description="what a row of a .csv is")

    architecture: OptionalArchitecture = Field(
        None,
        description="of the generator; rows of an image are steps of an lstm. Empty: convolution for "
        "images, lstm for series, dense for components",
    )
    discriminator: OptionalArchitecture = Field(
        None, description="of the discriminator; empty: that of the generator"
    )
    units: Size = Field(64, description="of recurrent and dense layers")
    layers: Annotated[int, Field(ge=1, le=16)] = Field(1, description="recurrent or dense layers")
    filters: Size = Field(16, description="of convolutions at full size; half the size has twice as many")
    noise: Size = Field(
        32, description="random numbers an entry is made of, or every step of it by recurrent generators"
    )
    noise_per: Literal["step", "entry"] = Field(
        "step",
        description="what recurrent generators draw noise for: every step, or the whole entry, the same at "
        "all its steps, which makes smooth curves",
    )
    conditioning: Conditioning = Field(
        None,
        description="how labels come in: none; inputs beside the data, at every step or pixel (RCGAN); an "
        "auxiliary class head (AC-GAN); projection, a score for each class. Empty: projection where there "
        "are labels of two classes or more",
    )
    sequences: bool = Field(
        False, description="whether a recurrent discriminator scores every step, or the last alone"
    )
    output: Literal["tanh", "sigmoid"] = Field(
        "tanh", description="of the generator: data are scaled to -1 to 1, or 0 to 1"
    )
    normalisation: Literal["none", "batch", "layer"] = Field(
        "batch", description="in a convolutional generator"
    )
    discriminator_normalisation: Literal["none", "batch", "layer", "spectral"] = Field(
        "none", description="in the discriminator; spectral in any, the others in a convolutional one"
    )
    dropout: Fraction = Field(0.0, description="rate, in the discriminator")

    minibatch_statistics: Annotated[int, Field(ge=0, le=65536)] = Field(
        0,
        description="entries of a group whose deviation the discriminator is told, which shows it when "
        "generated ones are all alike: at least 2, and a divisor of the batch size; 0: none",
    )
    multi_scale: bool = Field(
        False,
        description="whether convolutional networks exchange images at every size (MSG-GAN), which lets "
        "gradients arrive at all layers",
    )

    given: Names = Field(
        (),
        description="parts of an entry that are given, of which the generator makes the rest: variables by "
        "name, steps:0-11 of series, rows:0-13 or columns:0-13 of images, several separated by commas",
    )
    ignored: Names = Field(
        (), description="parts of an entry that the discriminator does not see, written the same way"
    )

    loss: Literal["non_saturating", "least_squares", "hinge", "wasserstein", "relativistic"] = Field(
        "non_saturating", description="of both sides"
    )
    batch_size: Size = Field(32, description="real entries in a step")
    learning_rate: Positive = Field(0.0005, description="of the discriminator")
    generator_factor: Positive = Field(
        1.0, description="g-factor: the generator's learning rate is the discriminator's times this"
    )
    balance: Fraction = Field(
        0.0,
        description="how fast the g-factor follows the losses: share of itself by which it changes in a "
        "step; 0 keeps it",
    )
    momentum: Fraction = Field(0.5, description="Adam's first decay rate, of both sides")
    second_momentum: Fraction = Field(0.999, description="Adam's second decay rate, of both sides")
    discriminator_steps: Steps = Field(1, description="steps of the discriminator in a round")
    generator_steps: Steps = Field(1, description="steps of the generator in a round")
    penalty: Literal["none", "gradient", "r1", "r2", "r1_r2"] = Field(
        "none", description="on the discriminator's input gradients"
    )
    penalty_weight: NotNegative = Field(10.0, description="of that penalty")
    label_smoothing: Fraction = Field(
        0.0, description="real entries are to be scored 1 minus this (non_saturating, least_squares)"
    )
    label_noise: Fraction = Field(
        0.0, description="by how much what is asked for differs from entry to entry, either way"
    )
    instance_noise: NotNegative = Field(
        0.0, description="deviation of the noise on everything that the discriminator sees"
    )
    noise_epochs: NotNegative = Field(
        0.0, description="epochs in which that noise falls to zero; 0: it stays"
    )
    max_norm: NotNegative = Field(0.0, description="longest row of the discriminator's weights; 0: no limit")
    weight_limit: NotNegative = Field(
        0.0, description="the discriminator's weights are clipped to this (wasserstein); 0: no limit"
    )
    auxiliary_weight: NotNegative = Field(1.0, description="of the loss of an auxiliary class head")
    averaging: Fraction = Field(
        0.99, description="decay rate of the averaged generator, which is the one that generates; 0: none"
    )
    loss_ratio_limit: NotNegative = Field(
        0.0, description="ends the run where one side's loss is so many times the other's; 0: no limit"
    )
    ratio_patience: Count = Field(500, ge=1, description="rounds for which it has to be")

    epochs: OptionalCount = Field(
        None,
        description=f"passes over the training entries, over all runs together; empty: {DEFAULT_EPOCHS}, or "
        "no limit when minutes are given",
    )
    minutes: OptionalMinutes = Field(
        None, description="longest training time, over all runs together; empty: no limit"
    )
    score_every: Count = Field(1, ge=1, description="epochs from one validation score (MMD) to the next")
    patience: OptionalCount = Field(
        None, description="scores without a better one after which training ends; empty: never"
    )
    every: OptionalMinutes = Field(
        None, description="minutes from one picture of samples to the next; empty: one every epoch"
    )
    snapshot_interval: float = Field(
        60.0, gt=0, allow_inf_nan=False, description="seconds between two snapshots of the training"
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="start of every random draw")

    folder: Directory = Field(Path("runs/gan"), description="the run's own: model, pictures and tables")
    threads: OptionalCount = Field(
        None, description="processor threads; empty: all there are, and fewer while others use them"
    )
    rung: Literal["plain", "o1", "o2"] = Field(
        "o2",
        description="implementation of the networks: plain explains, o1 is fast on one thread, o2 on all",
    )

    @property
    def epoch_limit(self) -> int | None:
        """`epochs`, or what holds when they are not given; None is no limit."""
        return DEFAULT_EPOCHS if self.epochs is None and self.minutes is None else self.epochs

    @property
    def image_shape(self) -> Shape:
        """Of images."""
        return Shape(self.size, self.size, self.channels)


SECTIONS = {
    "data": "data",
    "size": "images",
    "window": "series",
    "architecture": "networks",
    "loss": "training of both sides",
    "epochs": "the run",
    "folder": "results and machine",
}

TABLE = SettingsTable(Settings, SECTIONS, "python -m experiments gan config")
"""What options, settings files and runs are read and written through."""

RENAMED = {"channels": "filters", "completes": "given"}
"""Fields of a blueprint that have another name here."""

OF_DATA = ("data_shape", "classes")
"""Fields of a blueprint that the data decide."""


def blueprint_of(settings: Settings, shape: Shape | SequenceShape, classes: int) -> Blueprint:
    """Return what the networks are built from.

    Parameters
    ----------
    settings
        Of the run.
    shape
        Of an entry.
    classes
        How many the data have, 0 without labels.

    Raises
    ------
    SettingsError
        When settings do not go together.
    """
    if settings.components and {settings.architecture, settings.discriminator} - {"dense", None}:
        raise SettingsError("--components have no order: take --architecture dense, and that --discriminator")
    if settings.components and settings.multi_scale:
        raise SettingsError("--multi-scale: by --components the networks see no images: leave one out")
    open_ones: dict[str, Any] = {
        "architecture": settings.architecture
        or usual_architecture(settings, images=isinstance(shape, Shape)),
        "discriminator": settings.discriminator or "",
        "conditioning": settings.conditioning or ("projection" if classes > 1 else "none"),
        "completes": bool(settings.given),
    }
    names = [each.name for each in fields(Blueprint) if each.name not in (*OF_DATA, *open_ones)]
    chosen: dict[str, Any] = {name: getattr(settings, RENAMED.get(name, name)) for name in names}
    try:
        return Blueprint(data_shape=shape, classes=classes, **chosen, **open_ones)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def usual_architecture(settings: Settings, *, images: bool) -> str:
    """Return the architecture of the generator where none is chosen."""
    if settings.components:
        return "dense"
    return "convolution" if images else "lstm"


def gan_settings(settings: Settings) -> GanSettings:
    """Return how both sides learn.

    Raises
    ------
    SettingsError
        When settings do not go together.
    """
    names = [each.name for each in fields(GanSettings) if each.name != "loss"]
    chosen = {name: getattr(settings, name) for name in names}
    loss = ADVERSARIAL_LOSSES[settings.loss]()
    if (settings.label_smoothing or settings.label_noise) and not loss.has_targets:
        raise SettingsError(
            f"--loss {settings.loss} has no targets that --label-smoothing or --label-noise could change: "
            "leave them out, or take non_saturating or least_squares"
        )
    if settings.minibatch_statistics and settings.batch_size % settings.minibatch_statistics:
        raise SettingsError(
            f"--minibatch-statistics {settings.minibatch_statistics} does not divide --batch-size "
            f"{settings.batch_size}: a group would have real entries and generated ones; change one of them"
        )
    try:
        return GanSettings(loss=loss, **chosen)
    except ValueError as error:
        raise SettingsError(str(error)) from error
