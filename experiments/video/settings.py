"""Settings of training on videos: every key with its type, default, bounds and a description."""

from __future__ import annotations

import warnings
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from networks.video import Blueprint, Sampling
from networks.video.blueprint import SQUEEZED
from nn import Shape
from workbench.errors import SettingsError
from workbench.settings.kinds import (
    Count,
    OptionalCount,
    OptionalMinutes,
    OptionalPath,
    none_if_empty,
    whole,
)
from workbench.settings.stored import ProgramSettings
from workbench.settings.table import SettingsTable

DEFAULT_STEPS = 1000
"""Steps when neither steps nor minutes are given."""

DIGITS = "digits"

RUNS = Path("runs/video")
"""Where folders of runs are made."""

PATCH = 4
"""Pixels of a side of the convolutional LSTM's patches, where none are given and frames can be divided so."""

UNITS = {"convolutional_lstm": 64}
"""Units of recurrent layers where they are not given, by model; others have `DEFAULT_UNITS`."""

DEFAULT_UNITS = 512

Size = Annotated[int, Field(ge=1, le=65536)]
OptionalSize = Annotated[Size | None, BeforeValidator(none_if_empty)]
Steps = Annotated[int, Field(ge=1, le=1000)]
Share = Annotated[float, Field(gt=0, lt=0.5)]
Fraction = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
OptionalRate = Annotated[Positive | None, BeforeValidator(none_if_empty)]
OptionalAxes = Annotated[
    Literal["THW", "THWC", "NTHW", "TNHW", "NTHWC", "NTCHW"] | None, BeforeValidator(none_if_empty)
]
OptionalLast = Annotated[
    Literal["sigmoid", "tanh", "none", "tanh_sigmoid"] | None, BeforeValidator(none_if_empty)
]
OptionalLoss = Annotated[Literal["bce", "mse"] | None, BeforeValidator(none_if_empty)]


class Settings(ProgramSettings):
    """All settings of the program."""

    data: str = Field(
        DIGITS,
        min_length=1,
        description="what to learn: digits (rendered, moving), a folder of IDX files such as MNIST's, whose "
        "images move, or films: a .npy, an animation, a video, or a folder of those or of frames",
    )
    test_data: OptionalPath = Field(
        None, description="films to test on, such as mnist_test_seq.npy; empty: a part of the data"
    )
    size: Annotated[int, Field(ge=4, le=1024)] = Field(64, description="side of the frames, in pixels")
    channels: Annotated[Literal[1, 3], BeforeValidator(whole)] = Field(
        1, description="of films: grey or RGB; digits are grey"
    )
    digits_per_clip: Annotated[int, Field(ge=1, le=100)] = Field(2, description="digits that move in a clip")
    digit_size: OptionalSize = Field(
        None, description="side of a digit, in pixels; empty: 28 in frames of 64, and as much of others"
    )
    step_length: Annotated[float, Field(gt=0, le=1)] = Field(
        0.1, description="how far a digit moves from frame to frame, as a share of the free canvas"
    )
    limit: OptionalCount = Field(
        None,
        description="use only the first so many digits of each file, or render so many; empty: all, or 2000",
    )
    fit: Literal["crop", "pad", "stretch"] = Field("crop", description="how frames of films are fitted")
    rate: OptionalRate = Field(
        None, description="frames a second at which films are read; empty: every frame once"
    )
    axes: OptionalAxes = Field(
        None, description="axes of a .npy, clips N, time T, height, width, channels; empty: found out"
    )
    stride: OptionalCount = Field(
        None, description="frames of a film from one clip to the next to train on; empty: no overlap"
    )
    clip_order: Literal["shuffled", "film"] = Field(
        "shuffled",
        description="of clips of films: a new order in every pass; or that of the film, which fills batches "
        "with neighbours that show nearly the same, and is a mistake to be shown",
    )
    held_out_share: Share = Field(
        0.1, description="share of the digits or films for validation, and share for the test"
    )
    validation_clips: Size = Field(200, description="most clips that are measured on while it trains")
    test_clips: Size = Field(200, description="most clips that `evaluate` measures on")

    steps_in: Steps = Field(10, description="frames that are read")
    steps_out: Steps = Field(10, description="frames that are predicted after them")
    model: Literal["lstm", "convolution", "convolutional_lstm"] = Field(
        "lstm",
        description="frames as vectors; an LSTM between convolutions; or an LSTM with images as states, "
        "which is convolutional itself (ConvLSTM)",
    )
    task: Literal["reconstruction", "prediction", "both"] = Field(
        "both", description="what is made: the frames read, those after them, or both"
    )
    units: OptionalSize = Field(
        None,
        description=f"of recurrent layers; empty: {DEFAULT_UNITS}, or {UNITS['convolutional_lstm']} "
        "channels of a convolutional_lstm",
    )
    layers: Annotated[int, Field(ge=1, le=16)] = Field(1, description="recurrent layers")
    peepholes: bool = Field(False, description="whether gates see the cells")
    adapter: Annotated[int, Field(ge=0, le=65536)] = Field(
        0, description="width of a linear layer before the LSTM and of one behind it; 0: none"
    )
    patch: OptionalSize = Field(
        None,
        description="a convolutional_lstm reads squares of so many pixels a side as one with more channels; "
        f"empty: {PATCH}",
    )
    kernel: Annotated[int, Field(ge=1, le=31)] = Field(
        3, description="side of a convolutional_lstm's kernels, odd"
    )
    filters: Size = Field(16, description="of a convolution at half the size; at a quarter twice as many")
    halvings: Annotated[int, Field(ge=1, le=10)] = Field(
        2, description="how often convolutions halve the size"
    )
    decoder_input: Literal["zeros", "own", "true"] = Field(
        "own",
        description="what decoder and predictor read at a step: zeros, their own last output, or the true "
        "last frame, which is there in training only",
    )
    order: Literal["reverse", "forward"] = Field(
        "reverse", description="whether the decoder makes the last frame first"
    )
    handed_on: Literal["all", "hidden"] = Field(
        "all",
        description="states that decoder and predictor begin with; hidden leaves the cells at zero, which is "
        "a mistake to be shown",
    )
    sampling_curve: Literal["constant", "linear", "exponential", "inverse_sigmoid"] = Field(
        "constant", description="how the probability of the true frame changes (--decoder-input true)"
    )
    sampling_start: Fraction = Field(1.0, description="that probability in the beginning")
    sampling_end: Fraction = Field(0.0, description="and in the end, where it is not constant")
    sampling_steps: Annotated[int, Field(ge=1, le=10**9)] = Field(10_000, description="steps until then")

    range: Literal["0-1", "-1-1"] = Field("0-1", description="of the frames: black to white")
    last: OptionalLast = Field(
        None,
        description="last activation; empty: sigmoid for 0-1, tanh for -1-1. tanh_sigmoid, a sigmoid of a "
        "tanh, reaches 0.269 to 0.731 only, and is a mistake to be shown",
    )
    allow_squeezed: bool = Field(False, description="whether tanh_sigmoid is allowed, with a warning")
    factor: Positive = Field(1.0, description="of the sum before a sigmoid")
    loss: OptionalLoss = Field(
        None, description="cross-entropy or squared error; empty: bce with a sigmoid, mse without"
    )
    reconstruction_weight: NotNegative = Field(1.0, description="of the loss of the reconstruction")
    prediction_weight: NotNegative = Field(1.0, description="of the loss of the prediction")

    batch_size: Size = Field(64, description="clips in a step")
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
    ] = Field("adam", description="how parameters follow their gradients")
    learning_rate: Positive = Field(0.001, description="of the optimizer")
    schedule: Literal["constant", "step", "exponential", "cosine", "warm_up", "plateau"] = Field(
        "constant",
        description="of the learning rate, over the steps or minutes of the run; plateau follows the "
        "validation loss",
    )
    clip_norm: NotNegative = Field(0.0, description="longest gradient; 0: no limit")
    clip_value: NotNegative = Field(0.0, description="largest single gradient; 0: no limit")
    l1: NotNegative = Field(0.0, description="penalty on the sizes of weights")
    l2: NotNegative = Field(0.0, description="penalty on the squares of weights")
    initializer: Literal["glorot", "he", "uniform", "normal"] = Field(
        "glorot", description="how weights start; recurrent ones are orthogonal with the first two"
    )
    forget_bias: Annotated[float, Field(allow_inf_nan=False)] = Field(
        1.0, description="where the biases of forget gates start"
    )

    steps: OptionalCount = Field(
        None,
        description=f"steps of training, over all runs together; empty: {DEFAULT_STEPS}, or no limit when "
        "minutes are given",
    )
    minutes: OptionalMinutes = Field(
        None, description="longest training time, over all runs together; empty: no limit"
    )
    report_every: Count = Field(100, ge=1, description="steps from one measurement to the next")
    patience: OptionalCount = Field(
        None,
        description="measurements without a lower validation loss after which training ends; empty: never",
    )
    animate_every: OptionalMinutes = Field(
        10.0, description="minutes from one animation to the next; empty: only at the end"
    )
    shown: Annotated[int, Field(ge=1, le=64)] = Field(4, description="clips of an animation")
    frame_rate: Annotated[float, Field(gt=0, le=50)] = Field(5.0, description="of animations, per second")
    snapshot_interval: Positive = Field(60.0, description="seconds between two snapshots of the training")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="start of every random draw")

    folder: OptionalPath = Field(
        None, description=f"the run's own; empty: a folder in {RUNS} that is named after what it trains"
    )
    threads: OptionalCount = Field(
        None, description="processor threads; empty: all there are, and fewer while others use them"
    )
    rung: Literal["plain", "o1", "o2"] = Field(
        "o2",
        description="implementation of the networks: plain explains, o1 is fast on one thread, o2 on all",
    )

    @property
    def step_limit(self) -> int | None:
        """`steps`, or what holds when they are not given; None is no limit."""
        return DEFAULT_STEPS if self.steps is None and self.minutes is None else self.steps

    @property
    def frame(self) -> Shape:
        """Of a clip."""
        return Shape(self.size, self.size, self.channels)

    @property
    def last_activation(self) -> str:
        """`last`, or what goes with the range."""
        return self.last or ("sigmoid" if self.range == "0-1" else "tanh")

    @property
    def trained_loss(self) -> str:
        """`loss`, or what goes with the last activation."""
        return self.loss or ("bce" if self.last_activation in ("sigmoid", SQUEEZED) else "mse")

    @property
    def run_folder(self) -> Path:
        """`folder`, or one that is named after what is trained."""
        if self.folder is not None:
            return self.folder
        adapter = f"-adapter{self.adapter}" if self.adapter else ""
        layers = f"x{self.layers}" if self.layers > 1 else ""
        parts = (
            f"{Path(self.data).name or 'data'}-{self.size}",
            f"{self.model}{recurrent_units(self)}{layers}{adapter}",
            f"{self.task}-{self.decoder_input}",
            f"{self.range}-{self.last_activation}-{self.trained_loss}",
            f"{self.optimizer}-seed{self.seed}",
        )
        return RUNS / "_".join(parts)


SECTIONS = {
    "data": "data",
    "steps_in": "networks",
    "range": "frames and losses",
    "batch_size": "how it learns",
    "steps": "the run",
    "folder": "results and machine",
}

TABLE = SettingsTable(Settings, SECTIONS, "python -m experiments video config")
"""What options, settings files and runs are read and written through."""

RENAMED = {"kind": "model", "inputs": "decoder_input", "value_range": "range", "channels": "filters"}
"""Fields of a blueprint that have another name here."""


def recurrent_units(settings: Settings) -> int:
    """Return `units`, or what holds when they are not given."""
    return settings.units or UNITS.get(settings.model, DEFAULT_UNITS)


def blueprint_of(settings: Settings) -> Blueprint:
    """Return what the networks are built from.

    Raises
    ------
    SettingsError
        When settings do not go together.
    """
    _check(settings)
    convolutional = settings.model == "convolutional_lstm"
    patch = settings.patch or (PATCH if convolutional and settings.size % PATCH == 0 else 1)
    open_ones: dict[str, Any] = {
        "frame": settings.frame,
        "units": recurrent_units(settings),
        "patch": patch,
        "backwards": settings.order == "reverse",
        "last": settings.last_activation,
        "loss": settings.trained_loss,
    }
    names = [each.name for each in fields(Blueprint) if each.name not in open_ones]
    chosen: dict[str, Any] = {name: getattr(settings, RENAMED.get(name, name)) for name in names}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # what is allowed by --allow-squeezed is said once, when it trains
            return Blueprint(**chosen, **open_ones)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _check(settings: Settings) -> None:
    """Refuse what would have no effect, or leaves nothing to learn."""
    sampled = [name for name in Settings.model_fields if name.startswith("sampling_")]
    changed = [name for name in sampled if getattr(settings, name) != Settings.model_fields[name].default]
    if settings.decoder_input != "true" and changed:
        raise SettingsError(
            f"--{changed[0].replace('_', '-')}: the true frame is never read with --decoder-input "
            f"{settings.decoder_input}: leave it out, or take --decoder-input true"
        )
    if settings.digit_size and settings.digit_size > settings.size:
        raise SettingsError(
            f"--digit-size {settings.digit_size}: they do not fit into frames of --size {settings.size}"
        )
    if not any(_weights(settings).values()):
        raise SettingsError(
            f"--task {settings.task}: the weight of its loss is 0: there is nothing to learn; give "
            "--reconstruction-weight or --prediction-weight"
        )
    if settings.clip_norm and settings.clip_value:
        raise SettingsError("--clip-norm and --clip-value exclude each other: give one of them")


def _weights(settings: Settings) -> dict[str, float]:
    heads = ("reconstruction", "prediction") if settings.task == "both" else (settings.task,)
    return {head: getattr(settings, f"{head}_weight") for head in heads}


def head_weights(settings: Settings) -> dict[str, float] | None:
    """Return how much both heads count; None where there is one."""
    return _weights(settings) if settings.task == "both" else None


def sampling_of(settings: Settings) -> Sampling:
    """Return how often heads read the truth, where they do."""
    return Sampling(
        settings.sampling_curve, settings.sampling_start, settings.sampling_end, settings.sampling_steps
    )
