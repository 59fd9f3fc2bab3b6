"""The comparison of losses and stabilisers: runs, goes on, does nothing twice, and draws."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments import gan_comparison
from experiments.gan.folder import RunFolder
from nn.snapshot import load

pytestmark = pytest.mark.usefixtures("one_thread")


def test_variants_are_trained_once_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
):
    monkeypatch.setattr(gan_comparison, "SHOWN", 3)
    kept = ("with multi-scale", "relativistic, R1, R2")
    monkeypatch.setattr(gan_comparison, "VARIANTS", {name: gan_comparison.VARIANTS[name] for name in kept})
    words = ["digits", "--limit", "90", "--size", "8", "--filters", "2", "--epochs", "1", "--folder"]
    assert gan_comparison.main([*words, str(tmp_path), "--seeds", "1"]) == 0
    first = {path: path.read_bytes() for path in tmp_path.glob("*/best.safetensors")}
    assert len(first) == len(kept)
    capsys.readouterr()
    assert gan_comparison.main([*words, str(tmp_path), "--seeds", "2"]) == 0
    assert len(list(tmp_path.glob("*/model.safetensors"))) == 2 * len(kept)
    for path, content in first.items():
        assert path.read_bytes() == content
        assert load(path).metadata["gan"]["rows"][-1]["epoch"] == 1
    lines = capsys.readouterr().out.splitlines()
    rows = [line.strip() for line in lines if "±" in line]
    assert len(rows) == len(kept)
    assert all(row.startswith(name) for row, name in zip(rows, kept, strict=True))
    for name in ("scores", "samples"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert np.asarray(picture).std() > 5


def test_variants_differ_in_what_they_are_named_for(tmp_path: Path):
    settings = {}
    for name in gan_comparison.VARIANTS:
        words = ["digits", "--limit", "90", "--size", "8", "--filters", "2", "--epochs", "1", "--folder"]
        options = gan_comparison.make_parser().parse_args([*words, str(tmp_path)])
        assert gan_comparison.train(options, name, 0) == 0
        folder = RunFolder(gan_comparison.folder_of(options, name, 0))
        settings[name] = folder.load().metadata["settings"]
    for name, changes in gan_comparison.VARIANTS.items():
        plain = settings["non-saturating"]
        changed = {key for key in plain if settings[name][key] != plain[key]} - {"folder"}
        assert changed == {key.replace("-", "_") for key in changes}


def test_bad_data_end_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert gan_comparison.main([str(tmp_path / "nowhere"), "--folder", str(tmp_path)]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_runs_that_were_begun_otherwise_are_not_taken_for_what_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(gan_comparison, "VARIANTS", {"non-saturating": {}})
    usual = {"--limit": "90", "--size": "8", "--filters": "2", "--epochs": "2", "--seeds": "1"}

    def compare(**changes: str) -> int:
        words = {**usual, **{f"--{key}": value for key, value in changes.items()}}
        return gan_comparison.main(
            ["digits", "--folder", str(tmp_path), *(word for pair in words.items() for word in pair)]
        )

    assert compare() == 0
    for changes, message in (
        ({"size": "12"}, "was begun with size 8, not 12"),
        ({"filters": "3"}, "was begun with filters 2, not 3"),
        ({"limit": "80"}, "was begun with limit 90, not 80"),
        ({"epochs": "1"}, "has 2 epochs, more than 1"),
    ):
        assert compare(**changes) == 2
        assert message in capsys.readouterr().err
    assert compare(epochs="3") == 0
