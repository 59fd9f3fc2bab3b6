"""`sweep plan`: trials with their numbers, seeds and command lines; the files that come with the project."""

import re
import shlex
from pathlib import Path

import pytest

from experiments.gan.__main__ import GAN
from experiments.sweep.__main__ import main
from experiments.sweep.loading import load_sweep
from experiments.sweep.plan import first_candidates, trials_of
from experiments.video import grid
from tests.support.places import ROOT
from tests.support.quick_sweeps import PROGRAMS
from tests.support.sweep_files import sweep_of, write_sweep
from workbench.errors import SettingsError
from workbench.settings.options import given_settings

FILES = sorted((ROOT / "experiments" / "sweeps").glob("*.toml"))


def plan(capsys, path: Path) -> str:
    assert main(["plan", str(path)], PROGRAMS) == 0
    return capsys.readouterr().out


def test_trials_are_listed_with_seeds_and_command_lines(tmp_path: Path, capsys):
    printed = plan(capsys, write_sweep(tmp_path, seeds=2, settings={"kind": "wide"}))
    lines = printed.splitlines()
    assert lines[2] == "trial-0001  seed 1  rate=0.1"
    assert lines[3].split() == [
        *("quick", "train", "--kind", "wide", "--rate", "0.1", "--seed", "1", "--epochs", "3"),
        *("--folder", "runs/sweeps/sweep/trial-0001"),
    ]
    assert printed.endswith("size      2 candidates x 2 seeds = 4 trials of 3 epochs\n")


def test_seeds_follow_from_the_number_alone(tmp_path: Path):
    sweep = sweep_of(tmp_path, seeds=3)
    trials = trials_of(sweep, first_candidates(sweep))
    assert [(each.number, each.seed) for each in trials] == [(number, number % 3) for number in range(6)]
    assert trials_of(sweep, [{"rate": 0.3}], 1) == trials[3:]


def test_what_is_not_known_beforehand_is_said(tmp_path: Path, capsys):
    space = {"rate": {"real": [0.1, 1]}}
    halving = {"kind": "halving", "candidates": 9, "first": 1}
    printed = plan(capsys, write_sweep(tmp_path, space=space, search=halving, budget={"epochs": 8}))
    assert "halving   9 to 1 epochs; 3 to 3 epochs; 1 to 8 epochs" in printed
    forbidden = {"forbidden": [{"rate": 0.1}]}
    assert "left out  1 points of the grid" in plan(capsys, write_sweep(tmp_path, filters=forbidden))
    pytest.importorskip("optuna")
    tpe = {"kind": "tpe", "candidates": 9, "batch": 2}
    printed = plan(capsys, write_sweep(tmp_path, space=space, search=tpe))
    assert "known     the first 2; others follow from their results, 2 at a time" in printed


def test_bad_input_is_said_in_a_line(tmp_path: Path, capsys):
    path = write_sweep(tmp_path, space={})
    assert main(["plan", str(path)], PROGRAMS) == 2
    said = f"{path}: space: is empty: name at least one setting and what it can be"
    assert capsys.readouterr().err == f"python -m experiments sweep plan: {said}\n"


def toml_blocks() -> list[str]:
    text = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    return re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", toml_blocks())
def test_files_in_the_document_can_be_run(tmp_path: Path, text: str):
    if "tpe" in text:
        pytest.importorskip("optuna")
    path = tmp_path / "rates.toml"
    path.write_text(text)
    assert first_candidates(load_sweep(path))


@pytest.mark.parametrize(
    ("program", "setting"), [("gan", "patience"), ("gan", "loss-ratio-limit"), ("video", "patience")]
)
def test_settings_that_end_a_run_by_themselves_are_refused(tmp_path: Path, program: str, setting: str):
    path = write_sweep(tmp_path, program=program, settings={setting: 3}, space={"seed": {"choice": [1]}})
    with pytest.raises(SettingsError, match=rf"settings\.{setting}: leave it out: .*take \[\[filters.limits"):
        load_sweep(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_that_come_with_the_project_can_be_run(path: Path):
    sweep = load_sweep(path)
    assert first_candidates(sweep)


def test_the_table_of_videos_has_the_runs_of_the_grid():
    candidates = first_candidates(load_sweep(ROOT / "experiments" / "sweeps" / "video_table.toml"))
    names = {" ".join(map(str, each.values())) for each in candidates}
    assert names == {f"{cell.task} {cell.decoder_input} {cell.combination}" for cell in grid.CELLS}


def test_command_lines_are_those_of_the_program():
    sweep = load_sweep(ROOT / "experiments" / "sweeps" / "gan_rates.toml")
    trial = trials_of(sweep, first_candidates(sweep))[3]
    words = shlex.split(sweep.command_line(trial, Path("runs/x")))
    assert words[:4] == ["python", "-m", "experiments", "gan"]
    settings = GAN.table.make(given_settings(GAN.parser().parse(words[4:]), GAN.table))
    assert (settings.learning_rate, settings.generator_factor, settings.seed) == (0.0003, 1.0, 1)
    assert settings.folder == Path("runs/x")


@pytest.mark.parametrize(
    ("program", "changes", "fits"),
    [
        ("autoencoder", {"layers": "8"}, True),
        ("autoencoder", {"layers": "60000"}, False),
        ("video", {"units": 4, "size": 16}, True),
        ("video", {"units": 9000}, False),
    ],
)
def test_memory_is_estimated_from_the_settings(tmp_path: Path, program, changes, fits):
    unit = {"autoencoder": "epochs", "video": "steps"}[program]
    statistic = {"autoencoder": "held_out_loss", "video": "validation_loss"}[program]
    path = write_sweep(
        tmp_path,
        program=program,
        settings=changes,
        space={"learning-rate": {"choice": [0.1]}},
        budget={unit: 1},
        objective={"statistic": statistic},
        filters={"memory_mib": 40},
    )
    assert load_sweep(path).allows({"learning_rate": 0.1}) == fits
