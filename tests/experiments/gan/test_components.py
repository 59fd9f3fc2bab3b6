"""Entries as principal components: there and back, through a run and its folder."""

from pathlib import Path

import numpy as np
import pytest

from experiments.evaluation.files import Entries, read_entries
from experiments.gan import model_commands
from experiments.gan.components import Components
from experiments.gan.data import load_data
from experiments.gan.folder import RunFolder
from experiments.gan.form import Form
from experiments.gan.scores import Scores
from nn import DataError
from tests.support.gan_runs import assert_same_bits, model, run, tiny, train

pytestmark = pytest.mark.usefixtures("one_thread")

SINES = {"data": "sines-code", "window": 6, "sine_variables": 2, "components": 0.9999}


def drawn(rank: int, generator: np.random.Generator) -> np.ndarray:
    """Entries (40, 5, 2) in -0.9 to 0.9 that differ in `rank` directions, by which less and less."""
    sizes = 0.5 ** np.arange(rank)
    vectors = generator.normal(size=(40, rank)) * sizes @ generator.normal(size=(rank, 10))
    return (0.9 * vectors / np.abs(vectors).max()).reshape(40, 5, 2)


@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_all_components_give_the_entries_back(low: float):
    entries = drawn(3, np.random.default_rng(0)) if low else np.abs(drawn(3, np.random.default_rng(0)))
    components = Components.of(entries, 1 - 1e-15)
    values = components.transform(entries, low, 1.0)
    assert values.shape == (40, 1, len(components))
    reach = np.abs(values[:, 0] - (low + 1) / 2).max(axis=0) / ((1 - low) / 2)
    np.testing.assert_allclose(reach, 0.8, rtol=1e-6)
    again = components.inverse(values, low, 1.0).reshape(entries.shape)
    np.testing.assert_allclose(again, entries, atol=1e-6)


def test_a_share_of_the_variance_takes_the_largest_components():
    entries = drawn(6, np.random.default_rng(1)).reshape(40, -1)
    variances = np.linalg.svd(entries - entries.mean(axis=0), compute_uv=False) ** 2
    shares = np.cumsum(variances) / variances.sum()
    for count in range(1, 6):
        components = Components.of(entries, shares[count - 1] * (1 - 1e-9))
        assert len(components) == count
        left = entries - components.inverse(components.transform(entries, -1, 1), -1, 1)
        np.testing.assert_allclose((left**2).sum(), variances[count:].sum(), rtol=1e-4)


def test_what_lies_beyond_the_range_is_clipped():
    entries = drawn(3, np.random.default_rng(2))
    components = Components.of(entries, 0.9999)
    made = components.inverse(np.ones((2, 1, len(components)), np.float32), -0.5, 0.5)
    assert np.abs(made).max() == 0.5


@pytest.mark.parametrize(
    ("entries", "message"),
    [(np.ones((5, 3, 2)), "all entries are equal"), (np.ones((3, 4097)), "4097 numbers, and at most 4096")],
)
def test_entries_without_components_are_refused(entries: np.ndarray, message: str):
    with pytest.raises(DataError, match=message):
        Components.of(entries, 0.9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scales": np.zeros(1)}, "scales above 0"),
        ({"scales": np.ones(2)}, "do not fit"),
        ({"mean": np.ones(3)}, "do not fit"),
        ({"directions": np.full((1, 2), np.nan)}, "finite"),
    ],
)
def test_arrays_that_are_no_components_are_refused(change: dict[str, np.ndarray], message: str):
    arrays = {"mean": np.ones(2), "directions": np.ones((1, 2)), "scales": np.ones(1)}
    Components.from_arrays(arrays)
    with pytest.raises(ValueError, match=message):
        Components.from_arrays({**arrays, **change})


def test_a_form_keeps_them():
    form = load_data(tiny(**SINES)).form
    assert form.components is not None
    again = Form.from_configuration(form.to_configuration(), form.counts, form.components)
    assert again.built_for == form.built_for == (1, len(form.components))
    with pytest.raises(ValueError, match="components of 5 numbers for entries of"):
        wrong = Components(np.ones(5), np.ones((1, 5)), np.ones(1))
        Form.from_configuration(form.to_configuration(), form.counts, wrong)


def test_a_run_goes_on_with_the_components_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(whole, **SINES)
    train(parts, **{**SINES, "epochs": 1})
    monkeypatch.setattr(Components, "of", None)  # eigenvectors may differ by a sign on another machine
    assert run("continue", "--epochs", 2, "--folder", parts) == 0
    assert_same_bits(parts, whole)
    assert model(parts).gan.blueprint.architecture == "dense"


def test_what_is_made_of_them_is_in_the_units_of_the_data(tmp_path: Path):
    train(tmp_path, **{**SINES, "limit": 300})
    series = read_entries(RunFolder(tmp_path).arrays)
    assert series.values.shape == (512, 6, 2)
    assert 0.4 < series.values.min() < series.values.max() <= 1  # sines start at 0 and rise
    for words in (("generate", "--count", 3), ("interpolate",), ("evaluate", "--seeds", 1)):
        assert run(*words, "--folder", tmp_path) == 0


class Echo:
    """A generator that repeats entries."""

    def __init__(self, values: np.ndarray) -> None:
        self._values, self.blueprint = values, self
        self.conditions, self.completes = 0, False

    def generate(self, count, **_):
        return self._values[:count]


HALF = {**SINES, "limit": 300, "components": 0.5}


def test_what_components_leave_out_lowers_the_score():
    data, plain = load_data(tiny(**HALF)), load_data(tiny(**{**HALF, "components": 0.0}))
    np.testing.assert_array_equal(data.validation.values, plain.validation.values)
    kept = Scores(data.training, data.validation, 0, data.form).measure(Echo(data.training.values), 1)
    whole = Scores(plain.training, plain.validation, 0).measure(Echo(plain.training.values), 1)
    assert kept > whole + 0.01


def test_reports_compare_with_real_entries_not_with_what_components_keep_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    train(tmp_path, **HALF)
    judged: list[Entries] = []
    monkeypatch.setattr(model_commands, "measure", lambda *parts, **_: judged.extend(parts))
    for name in ("write", "summary"):
        monkeypatch.setattr(model_commands, name, lambda *_: "")
    assert run("evaluate", "--folder", tmp_path) == 0
    plain = load_data(tiny(**{**HALF, "components": 0.0}))
    for found, expected in zip(judged, (plain.training, plain.test), strict=False):
        np.testing.assert_array_equal(found.values, plain.form.unscaled(expected.values))
    assert judged[2].values.shape[1:] == (6, 2)


def test_what_needs_parts_of_entries_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ("--data", "sines-code", "--components", 0.99, "--folder", tmp_path / "run")
    assert run("train", *words, "--given", "steps:0-3") == 2
    assert "--given: by --components the networks see no parts of entries" in capsys.readouterr().err
    assert run("train", *words, "--architecture", "lstm") == 2
    assert "take --architecture dense" in capsys.readouterr().err
    (tmp_path / "a.csv").write_text(
        "series,x\n" + "".join(f"{n},{s}\n" for n in range(30) for s in range(2 + n % 3))
    )
    assert run("train", "--components", 0.9, "--data", tmp_path / "a.csv", "--folder", tmp_path / "run") == 2
    assert "entries differ in length: leave it out, or take one --window" in capsys.readouterr().err
