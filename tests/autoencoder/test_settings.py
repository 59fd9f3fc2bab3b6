"""Settings: types, bounds, defaults, and the objects made from them."""

import pytest
from pydantic import ValidationError

from autoencoder.settings import DEFAULT_EPOCHS, TABLE, Settings
from nn.optimizers import OPTIMIZERS
from workbench.errors import SettingsError
from workbench.settings.table import Given, to_key, to_name, to_text


def given(**texts: str) -> dict[str, Given]:
    return {name: Given(text, f"--{to_key(name)}") for name, text in texts.items()}


def test_environment_variables_are_not_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CODE_SIZE", "7")
    monkeypatch.setenv("code_size", "7")
    assert Settings().code_size == 32


def test_every_optimizer_can_be_chosen():
    assert set(TABLE.bounds("optimizer").split(", ")) == set(OPTIMIZERS)


def test_settings_do_not_change():
    with pytest.raises(ValidationError):
        Settings().width = 3


def test_texts_make_the_same_settings_again():
    settings = Settings(layers=(9, 5), minutes=1.5, input_directory="a b", channels=3, fit="random-crop")
    assert TABLE.make(given(**TABLE.texts(settings))) == settings


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"width": "0"}, "--width=0: it should be a whole number from 1 to 4096"),
        ({"width": "4097"}, "--width=4097: it should be a whole number from 1 to 4096"),
        ({"code_size": "3.5"}, "--code-size=3.5: it should be a whole number from 1 to 65536"),
        ({"held_out": "1"}, "--held-out=1: it should be a number of at least 0, below 1"),
        ({"learning_rate": "0"}, "--learning-rate=0: it should be a number above 0"),
        ({"learning_rate": "nan"}, "--learning-rate=nan: it should be a finite number"),
        ({"minutes": "inf"}, "--minutes=inf: it should be a finite number"),
        ({"epochs": "9" * 400}, "it should be at most 1e+15"),
        ({"limit": "1" + "0" * 16}, "it should be at most 1e+15"),
        ({"crops": "9" * 400}, "it should be at most 1e+15"),
        ({"connections": "9" * 400}, "it should be at most 1e+15"),
        ({"bias_mean": "1e39"}, "--bias-mean=1e39: it should be a number that fits float32"),
        ({"snapshot_interval": "-1"}, "--snapshot-interval=-1: it should be a number above 0"),
        ({"channels": "2"}, "--channels=2: it should be 1, 3 or 4"),
        ({"channels": "x"}, "--channels=x: it should be 1, 3 or 4"),
        ({"learning_rate": "0,002"}, "write numbers with a point and without commas, as 0.002"),
        ({"batch_size": "1,024"}, "write numbers with a point and without commas"),
        ({"layers": "1,024"}, "--layers=1,024: commas separate numbers, and none begins with 0"),
        ({"layers": "5,,3"}, "--layers=5,,3: it should be a whole number"),
        ({"layers": "5,0"}, "--layers=5,0: it should be at least 1"),
        ({"optimizer": "adm"}, "did you mean adam?"),
        ({"model_directory": " "}, "--model-directory= : a path must not be empty"),
        ({"input_directory": "a\0b"}, "a path must not contain a NUL character"),
        (
            {"loss": "binary_cross_entropy", "output_activation": "identity"},
            "loss=binary_cross_entropy needs output-activation=sigmoid",
        ),
        ({"moving": "rigl"}, "moving=rigl needs architecture=graph"),
        ({"moving": "rigel"}, "did you mean rigl?"),
    ],
)
def test_a_bad_value_is_named_with_what_is_expected(texts: dict[str, str], expected: str):
    with pytest.raises(SettingsError) as error:
        TABLE.make(given(**texts))
    assert expected in str(error.value)


def test_every_bad_value_is_named():
    with pytest.raises(SettingsError) as error:
        TABLE.make(given(width="0", seed="-1"))
    assert len(str(error.value).splitlines()) == 2


def test_an_empty_text_is_not_set():
    settings = TABLE.make(given(minutes="", epochs=" ", input_directory="", threads="", layers=""))
    assert (settings.minutes, settings.epochs, settings.input_directory, settings.threads) == (None,) * 4
    assert settings.layers == ()


def test_epochs_have_a_default_only_without_minutes():
    assert Settings().epoch_limit == DEFAULT_EPOCHS
    assert Settings(minutes=1).epoch_limit is None
    assert Settings(minutes=1, epochs=3).epoch_limit == 3


def test_layers_have_a_default_for_each_architecture():
    assert Settings(architecture="local").layer_sizes == (8, 16)
    assert Settings(architecture="local", layers=(4,)).layer_sizes == (4,)


def test_keys_are_known_in_both_spellings():
    assert TABLE.known_name("code-size", "here") == TABLE.known_name("code_size", "here") == "code_size"
    with pytest.raises(SettingsError, match="here: unknown key 'code-sice'; did you mean code-size"):
        TABLE.known_name("code-sice", "here")
    with pytest.raises(SettingsError, match="`autoencoder config` lists all keys"):
        TABLE.known_name("zzz", "here")


def test_every_field_has_a_section_a_description_and_a_placeholder():
    names = [name for group in TABLE.sections().values() for name in group]
    assert names == list(Settings.model_fields)
    for name in names:
        assert Settings.model_fields[name].description
        assert TABLE.placeholder(name) in ("NAME", "PATH", "N", "X", "N,N,...")
        assert to_name(to_key(name)) == name


def test_bounds_and_texts_read_well():
    assert TABLE.bounds("width") == "1 to 4096"
    assert TABLE.bounds("held_out") == "at least 0, below 1"
    assert TABLE.bounds("minutes") == "above 0"
    assert TABLE.bounds("rung") == "plain, o1, o2"
    assert TABLE.bounds("bias_mean") == TABLE.bounds("model_directory") == ""
    assert [to_text(value) for value in (None, (3, 4), 0.5, "a")] == ["", "3,4", "0.5", "a"]
