"""Every field of networks and training is a setting, and settings become what they say."""

from dataclasses import fields
from pathlib import Path

import pytest

from experiments.gan.settings import OF_DATA, RENAMED, Settings, blueprint_of, gan_settings
from networks.gan import Blueprint, GanSettings
from nn import SequenceShape, Shape
from nn.losses.adversarial import ADVERSARIAL_LOSSES
from tests.support.gan_runs import run, tiny, train
from workbench.errors import SettingsError


def test_every_field_can_be_set():
    names = [each.name for each in (*fields(Blueprint), *fields(GanSettings)) if each.name not in OF_DATA]
    assert {RENAMED.get(name, name) for name in names} <= set(Settings.model_fields)


CHANGES = {
    "filters": 5,
    "noise": 7,
    "architecture": "bidirectional",
    "discriminator": "lstm",
    "conditioning": "inputs",
    "sequences": "yes",
    "output": "sigmoid",
    "normalisation": "layer",
    "discriminator_normalisation": "spectral",
    "dropout": 0.5,
}


def test_a_blueprint_has_what_is_set():
    built = blueprint_of(Settings(**CHANGES), Shape(8, 8, 1), 3)
    for name, value in CHANGES.items():
        field = {"filters": "channels"}.get(name, name)
        assert getattr(built, field) == (True if value == "yes" else value)
    assert built.classes == 3


def test_what_is_left_open_follows_the_data():
    image = blueprint_of(Settings(), Shape(8, 8, 1), 3)
    series = blueprint_of(Settings(), SequenceShape(8, 2), 0)
    assert (image.architecture, image.conditioning) == ("convolution", "projection")
    assert (series.architecture, series.conditioning) == ("lstm", "none")
    assert blueprint_of(Settings(), Shape(8, 8, 1), 1).conditioning == "none"


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_every_loss_can_be_chosen(name: str):
    assert isinstance(gan_settings(Settings(loss=name)).loss, ADVERSARIAL_LOSSES[name])


def test_training_has_what_is_set():
    changed = {
        "batch_size": 9,
        "generator_factor": 2.5,
        "penalty": "r1",
        "averaging": 0.5,
        "discriminator_steps": 3,
        "loss_ratio_limit": 8.0,
    }
    learning = gan_settings(Settings(**changed))
    assert {name: getattr(learning, name) for name in changed} == changed


def test_settings_that_do_not_go_together_are_refused():
    with pytest.raises(SettingsError, match=r"--loss hinge has no targets.*take non_saturating"):
        gan_settings(tiny(loss="hinge", label_smoothing=0.1))
    with pytest.raises(SettingsError, match="conditioning by inputs needs labels of two classes or more"):
        blueprint_of(tiny(conditioning="inputs"), Shape(8, 8, 1), 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lerning-rate", "1"], "unknown argument --lerning-rate; did you mean --learning-rate?"),
        (["--batch-size", "0"], "--batch-size=0: it should be a whole number from 1 to 65536"),
        (["--window", "0"], "--window=0: it should be a whole number of at least 1"),
        (["--loss", "hing"], "did you mean hinge?"),
        (["--channels", "2"], "--channels=2"),
        (["--overwrote"], "gan train: unknown argument --overwrote; did you mean --overwrite?"),
        (
            ["--noise-per", "entry", "--architecture", "dense"],
            "--noise-per=entry: is for recurrent generators",
        ),
        (
            ["--noise-per", "entry"],
            "--noise-per=entry: is for recurrent generators, and this",
        ),
        (
            ["--data", "sines", "--sequences", "yes", "--discriminator", "dense"],
            "--sequences=yes: is for recurrent",
        ),
        (
            ["--normalisation", "layer", "--architecture", "lstm"],
            "--normalisation=layer: is for generators of conv",
        ),
        (
            ["--discriminator-normalisation", "batch", "--discriminator", "convolution_lstm"],
            "--discriminator-normalisation=batch: is for convolutions, and the discriminator is",
        ),
        (["--penalty-weight", "2"], "--penalty-weight=2: does nothing without --penalty: give both"),
        (["--auxiliary-weight", "2"], "--auxiliary-weight=2: is for --conditioning auxiliary"),
        (["--window", "8"], "--window=8: is for series, and the data are images"),
        (["--test-data", "digits.npz"], "--test-data=digits.npz: is for files, and digits are made up"),
        (["--kind", "series"], "--kind=series: is for .npy and .npz"),
        (
            ["--data", "sines", "--label-column", "x"],
            "--label-column=x: is for files of series, and sines are",
        ),
        (["--data", "sines", "--fit", "pad"], "--fit=pad: is for images, and the data are series"),
        (["--data", "x.csv", "--sine-variables", "2"], "--sine-variables=2: is for built-in sines"),
        (
            ["--components", "0.9", "--multi-scale", "yes"],
            "--multi-scale: by --components the networks see no",
        ),
        (["--config", "nowhere.conf"], "nowhere.conf: cannot read the configuration file"),
    ],
)
def test_bad_options_are_named(capsys: pytest.CaptureFixture[str], words: list[str], message: str):
    try:
        status = run("train", *words)
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert message in capsys.readouterr().err


def test_settings_that_ask_for_nothing_are_no_mistake(tmp_path: Path):
    words = {"architecture": "dense", "normalisation": "none", "noise_per": "step", "sequences": "no"}
    train(tmp_path, penalty="none", penalty_weight=2, epochs=1, **words)


def test_a_setting_of_another_command_is_told_from_a_misspelt_one(capsys: pytest.CaptureFixture[str]):
    for words, message in {
        ("continue", "--batch-size", "3"): "--batch-size: a setting that `continue` does not take",
        ("generate", "--cuont", "3"): "unknown argument --cuont; did you mean --count?",
        ("generate", "3"): "unknown argument 3; see python -m experiments gan generate --help",
    }.items():
        with pytest.raises(SystemExit) as ended:
            run(*words)
        assert ended.value.code == 2
        assert message in capsys.readouterr().err
