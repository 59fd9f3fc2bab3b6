"""Every program records its runs, and goes on with the record of a run that goes on."""

import math
from pathlib import Path

import numpy as np
import pytest

from experiments import gan_comparison, leakage, photographs, row_by_row, small_folders
from experiments.gan.folder import RunFolder as GanFolder
from experiments.video import grid
from nn.snapshot import load_latest
from tests.support import autoencoder_runs, gan_runs, live_runs, video_runs
from tests.support.autoencoder_runs import write_images
from workbench.records import Query, Run, Store

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "records" / "records.sqlite"
    monkeypatch.setenv("GANGLION_RECORDS", str(path))
    return path


class Recorded:
    """All that is known of a run."""

    def __init__(self, store: Store, run: Run) -> None:
        number = run.number
        self.run, self.settings = run, store.settings([number])[number]
        self.results, self.curves = store.results([number])[number], store.statistics(number)
        self.files = {str(each.path) for each in store.artefacts(number)}
        self.sessions = store.sessions(number)


def recorded(path: Path) -> list[Recorded]:
    with Store.open(path) as store:
        return [Recorded(store, run) for run in store.runs(Query(descending=False))]


def test_the_autoencoder(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    autoencoder_runs.train_tiny(tmp_path, seed=5)
    assert f"record     run 1 in {path}" in capsys.readouterr().out
    (found,) = recorded(path)
    run = found.run
    assert (run.program, run.state, run.seed, run.folder) == ("autoencoder", "done", 5, tmp_path / "model")
    assert run.data == load_latest(tmp_path / "model" / "model.safetensors").metadata["data"]
    assert (found.settings["code_size"], found.settings["layers"], found.settings["minutes"]) == (
        4,
        [12],
        None,
    )
    assert found.curves["epoch"].values == [1.0, 2.0]
    assert found.results["held_out_loss"] == found.curves["held_out_loss"].values[-1]
    assert found.results["components_error"] > 0
    assert {"model.safetensors", str(tmp_path / "output" / "losses.csv")} <= found.files
    places = ("--model-directory", tmp_path / "model", "--output-directory", tmp_path / "output")
    assert autoencoder_runs.run("train", "--resume", "--epochs", 3, *places) == 0
    (found,) = recorded(path)
    assert (found.curves["epoch"].values, found.settings["epochs"]) == ([1.0, 2.0, 3.0], 3)
    assert len(found.sessions) == 2


def test_a_run_that_is_watched_has_one_record_until_it_is_reset(path: Path, tmp_path: Path):
    run = live_runs.open_run(tmp_path)
    live_runs.train_steps(run, 5)
    live_runs.train_steps(run, 100)
    (found,) = recorded(path)
    assert (found.run.program, found.run.state, found.run.folder) == (
        "autoencoder",
        "done",
        tmp_path / "model",
    )
    assert [(each.state, each.reason) for each in found.sessions] == [("stopped", "stopped"), ("done", "")]
    assert found.curves["epoch"].values == sorted(found.curves["epoch"].values)
    run.reset(None)
    live_runs.train_steps(run, 1)
    assert len(recorded(path)) == 2
    run.close()


def test_adversarial_networks(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    gan_runs.train(tmp_path / "gan", seed=5)
    assert f"record     run 1 in {path}" in capsys.readouterr().out
    assert gan_runs.run("continue", "--epochs", 3, "--folder", tmp_path / "gan") == 0
    (found,) = recorded(path)
    run, snapshot = found.run, GanFolder(tmp_path / "gan").load()
    assert (run.program, run.state, run.seed, run.folder) == ("gan", "done", 5, tmp_path / "gan")
    assert run.data == snapshot.metadata["data"]
    assert (found.settings["filters"], found.settings["epochs"]) == (2, 3)
    rows = snapshot.metadata["gan"]["rows"]
    for name in ("generator_loss", "epoch", "seconds"):
        assert found.curves[name].values == [row[name] for row in rows]
    assert found.curves["mmd"].values == [row["scores"]["mmd"] for row in rows]
    assert found.results["best_mmd"] == min(row["scores"]["mmd"] for row in rows)
    assert {"model.safetensors", "best.safetensors", "samples.png"} <= found.files


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_adversarial_networks_that_diverge(path: Path, tmp_path: Path):
    words = gan_runs.options(learning_rate=1e30)
    assert gan_runs.run("train", *words, "--folder", tmp_path / "gan") == 1
    (found,) = recorded(path)
    assert (found.run.state, found.run.reason.partition(":")[0]) == ("failed", "GanDiverged")


def test_videos(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    video_runs.train(tmp_path / "video", seed=5)
    assert f"record         run 1 in {path}" in capsys.readouterr().out
    assert video_runs.run("continue", tmp_path / "video", "--steps", 8) == 0
    (found,) = recorded(path)
    assert (found.run.program, found.run.state, found.run.seed) == ("video", "done", 5)
    _, rows = video_runs.contents(tmp_path / "video")
    assert found.curves["validation_loss"].steps == [2, 4, 6, 8]
    assert found.curves["validation_loss"].values == [row["validation_loss"] for row in rows]
    assert found.results["lowest_validation_loss"] == min(row["validation_loss"] for row in rows)
    assert found.settings["steps"] == 8
    assert {"model.safetensors", "best.safetensors", "losses.csv"} <= found.files


def test_a_grid_of_videos_has_a_record_for_every_run(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(grid, "CELLS", [grid.CELLS[2], grid.CELLS[28]])
    words = video_runs.options(steps=3, report_every=1, folder=tmp_path / "grid")
    assert video_runs.run("grid", *words, "--records", tmp_path / "other.sqlite") == 0
    assert not path.exists()
    found = recorded(tmp_path / "other.sqlite")
    assert [each.run.folder for each in found] == [tmp_path / "grid" / cell.name for cell in grid.CELLS]
    assert all(each.run.state == "done" for each in found)
    assert found[0].results["test_reconstruction_mse_per_frame"] > 0
    assert found[1].results["test_prediction_nats_per_frame"] > 0


def test_classifiers(path: Path, tmp_path: Path):
    words = ["--limit", "200", "--output", str(tmp_path), "--seed", "5"]
    assert row_by_row.main([*words, "--epochs", "1"]) == 0
    assert row_by_row.main([*words, "--epochs", "2", "--resume"]) == 0
    (found,) = recorded(path)
    run = found.run
    assert (run.program, run.state, run.seed, run.folder) == ("row_by_row", "done", 5, tmp_path)
    assert run.data.startswith("165 entries, sha256 ")
    assert found.curves["epoch"].values == [1.0, 2.0]
    assert 0 <= found.results["test_accuracy"] <= 1
    assert {"model.safetensors", "confusion.png", "loss.png"} <= found.files
    assert {"records", "resume", "watch"}.isdisjoint(found.settings)


def test_a_classifier_that_fails(path: Path, tmp_path: Path):
    with pytest.raises(SystemExit):
        row_by_row.main(["--limit", "200", "--output", str(tmp_path), "--minutes", "-1"])
    (found,) = recorded(path)
    assert found.run.state == "failed"
    assert found.run.reason.startswith("ValueError: minutes -1")


def test_variants_over_seeds(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leakage, "LEAKAGES", (0.5, 0.1))
    words = ["--images", "200", "--epochs", "1", "--seeds", "2", "--output", str(tmp_path / "picture.png")]
    assert leakage.main(words) == 0
    found = recorded(path)
    assert len(found) == 8
    assert {each.run.program for each in found} == {"leakage"}
    assert {(each.settings["leakage"], each.run.seed) for each in found} == {
        (leak, seed) for leak in (0.5, 0.1) for seed in (0, 1)
    }
    assert len({each.run.data for each in found}) == 1
    assert all(math.isfinite(each.results["held_out_loss"]) for each in found)
    assert all(each.curves["held_out_loss"].values[-1] == each.results["held_out_loss"] for each in found)


def test_comparisons_of_adversarial_networks(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    name = "with multi-scale"
    monkeypatch.setattr(gan_comparison, "VARIANTS", {name: gan_comparison.VARIANTS[name]})
    words = ["digits", "--limit", "90", "--size", "8", "--filters", "2", "--epochs", "1", "--seeds", "1"]
    other = tmp_path / "other.sqlite"
    assert gan_comparison.main([*words, "--folder", str(tmp_path / "gans"), "--records", str(other)]) == 0
    (found,) = recorded(other)
    assert (found.run.program, found.settings["multi_scale"]) == ("gan", True)
    assert not path.exists()


def test_photographs_and_small_folders(path: Path, tmp_path: Path):
    write_images(tmp_path / "photos", 2, side=96)
    words = ["--epochs", "1", "--crops", "40", "--side", "16", "--code-size", "8"]
    assert photographs.main([str(tmp_path / "photos"), *words, "--output", str(tmp_path / "runs")]) == 0
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8))
    words = ["--images", "20", "--code-size", "3", "--tests", "20", "--steps", "4", "--side", "8"]
    assert small_folders.main([str(tmp_path / "images.npy"), *words]) == 0
    found = recorded(path)
    assert [each.run.program for each in found] == ["photographs", "small_folders", "small_folders"]
    assert [each.run.folder for each in found] == [tmp_path / "runs" / "model", None, None]
    assert all(each.run.state == "done" and each.results["held_out_loss"] > 0 for each in found)
