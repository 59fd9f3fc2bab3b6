"""The classifiers among the experiments: they learn, resume, and report errors."""

import numpy as np
import pytest

from experiments import row_by_row, small_convolution
from experiments.classifier import most_confident_mistakes
from networks.model_file import load_model

every_program = pytest.mark.parametrize("program", [row_by_row, small_convolution])


def run(program, folder, *options):
    return program.main(["--limit", "200", "--output", str(folder), *options])


@every_program
def test_it_trains_tests_and_draws(program, tmp_path, capsys):
    assert run(program, tmp_path, "--epochs", "1") == 0
    printed = capsys.readouterr().out
    assert "of 20 test images are right" in printed
    assert {"model.safetensors", "confusion.png", "loss.png"} <= {path.name for path in tmp_path.iterdir()}
    model = load_model(tmp_path / "model.safetensors")
    assert model.output_shape.size == 10


def test_it_goes_on_from_the_last_snapshot(tmp_path, capsys):
    run(row_by_row, tmp_path, "--epochs", "1")
    assert "and 1.0 epochs" in capsys.readouterr().out
    run(row_by_row, tmp_path, "--epochs", "3", "--resume")
    assert "and 3.0 epochs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message", "status"),
    [
        (["nowhere"], "nowhere: no such file or folder", 2),
        (["--minutes", "-1"], "minutes -1", 2),
        (["--epochs", "nan"], "epochs nan", 2),
        (["--batch-size", "0"], "batch size 0", 2),
        (["--learning-rate", "nan"], "learning rate nan", 2),
        (["--seed", "-1"], "seed -1 must be a whole number of at least 0", 2),
        (["--resume"], "there is no such file", 1),
    ],
)
def test_bad_input_is_named(options, message, status, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(small_convolution, tmp_path, *options)
    assert stopped.value.code == status
    assert message in capsys.readouterr().err


def test_the_surest_mistakes_come_first():
    scores = np.array([[0.0, 1.0], [0.0, 5.0], [3.0, 0.0], [0.0, 2.0]])
    assert most_confident_mistakes(scores, np.array([0, 0, 0, 1])).tolist() == [1, 0]
    assert len(most_confident_mistakes(scores, np.array([1, 1, 0, 1]))) == 0
