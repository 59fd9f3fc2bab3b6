"""The comparison of sparse trainings runs end to end, trains what it says, and draws."""

import numpy as np
import pytest
from PIL import Image

from experiments import sparse_training
from experiments.sparse_classifier import CLASSES, HIDDEN, SPARSE, Task, Variant, make_network, moving
from networks import SET, RigL
from nn import ImageSet, digits

pytestmark = pytest.mark.usefixtures("one_thread")
PLACES = 784 * HIDDEN[0] + HIDDEN[0] * HIDDEN[1] + HIDDEN[1] * CLASSES


def few_digits() -> ImageSet:
    return digits(20, generator=np.random.default_rng(0))


def test_all_variants_are_trained_and_drawn(tmp_path, capsys):
    words = ["--limit", "300", "--epochs", "1", "--seeds", "2", "--densities", "0.1,0.02"]
    assert sparse_training.main([*words, "--output", str(tmp_path / "new" / "picture.png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "rendered digits, 1 epoch," in lines[0]
    assert lines[2].split() == ["density", *SPARSE]
    assert [line.split()[0] for line in lines[3:5]] == ["0.02", "0.1"]
    shares = [float(word) for line in lines[3:5] for word in line.split()[1::3]]
    assert len(shares) == 6
    assert all(0 <= share <= 100 for share in shares)
    assert lines[6].startswith("dense: ")
    with Image.open(tmp_path / "new" / "picture.png") as picture:
        assert np.asarray(picture).std() > 5


def test_networks_have_the_connections_they_are_named_for():
    images = few_digits()
    for density in (0.02, 0.3):
        network = make_network(Variant("SET", density), images, np.random.default_rng(0))
        assert network.connections == pytest.approx(density * PLACES, abs=2)
    assert make_network(Variant("dense", 1.0), images, np.random.default_rng(0)).connections == PLACES


def test_methods_move_what_they_are_named_for():
    generator = np.random.default_rng(0)
    steps = Task(few_digits(), few_digits(), epochs=3).steps
    assert steps == 3
    kinds = {method: [type(each) for each in moving(method, steps, generator)] for method in SPARSE}
    assert kinds == {"static": [], "SET": [SET], "RigL": [RigL]}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere"),
        (["--densities", "0.1,2"], "'0.1,2': give numbers above 0 and at most 1"),
        (["--densities", "much"], "'much': give numbers"),
        (["--output", "picture.svg"], "does not end in .png"),
    ],
)
def test_bad_input_is_an_error_without_a_traceback(words, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        sparse_training.main(words)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
