"""Losses that are no finite numbers, told from those that a training does not have."""

from pathlib import Path

import pytest

from experiments.queue.losses import diverged

HEADINGS = "epoch,training_loss,held_out_loss,mmd"


def said(folder: Path, *lines: str, end: str = "\n") -> list[str]:
    path = folder / "losses.csv"
    path.write_text("\n".join([HEADINGS, *lines]) + end)
    return list(diverged(path))


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["1,0.5,0.6,nan"], []),
        (["1,0.5,0.6,0.1", "2,nan,0.6,0.1"], ["training_loss is nan in row 2 of losses.csv"]),
        (["1,0.5,0.6,0.1", "2,inf,0.6,0.1"], ["training_loss is inf in row 2 of losses.csv"]),
        (["1,-inf,0.6,0.1"], ["training_loss is -inf in row 1 of losses.csv"]),
        (
            ["1,nan,nan,"],
            [f"{name} is nan in row 1 of losses.csv" for name in ("training_loss", "held_out_loss")],
        ),
        (["1,0.5,nan,nan", "2,0.4,nan,nan"], []),
        (["1,0.5,,", "2,0.4,,"], []),
        (["1,0.5,0.6,0.1", "2,0.4,,"], []),
        (["1,0.5,0.6,0.1", "2,nan,0.5,0.1", "3,0.4,0.5,0.1"], []),
        (["1,0.5,0.6,0.1,too,many"], []),
        ([], []),
    ],
)
def test_what_has_diverged(tmp_path: Path, lines: list[str], names: list[str]):
    assert said(tmp_path, *lines) == names


def test_a_line_that_is_being_written_does_not_count(tmp_path: Path):
    assert said(tmp_path, "1,0.5,0.6,0.1", "2,nan", end="") == []


def test_without_a_table_nothing_has_diverged(tmp_path: Path):
    assert list(diverged(tmp_path / "losses.csv")) == []
