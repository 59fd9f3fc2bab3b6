"""Types in a user's program: what the faces export has the expected types."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
import numpy as np

import workbench
from networks import Classifier, Dense, Recipe, Sequential, load_model
from nn import Adam, ArrayBatches, Outcome, Shape, SquaredError, Trainer

generator = np.random.default_rng(0)
recipe: Recipe[Dense] = Dense.of(10)
layer: Dense = recipe.build(3, generator=generator)
model: Sequential = Sequential(Shape(1, 1, 3), [recipe, Dense.of(2)], generator=generator)
trainer = Trainer(
    model, SquaredError(), Adam(0.01), ArrayBatches(np.zeros((4, 3))), batch_size=2, generator=generator
)
outcome: Outcome = trainer.train(epochs=1)
watched: Outcome = workbench.watch(trainer)
labels: np.ndarray = Classifier(hidden=(3,)).fit(np.zeros((4, 3)), [0, 1, 0, 1]).predict(np.zeros((4, 3)))
"""

MISTAKES = {
    'Dense.of(10).build("three")': "[arg-type]",
    "text: str = Dense.of(10)": "[assignment]",
    "Dense.off(10)": "[attr-defined]",
    "Trainer(layer)": "[call-arg]",
    'Classifier(hidden="many", epochs="long")': "[arg-type]",
}


def test_a_checker_knows_the_types_of_the_faces(tmp_path):
    pytest.importorskip("mypy")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT + "\n".join(MISTAKES) + "\n")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), script.name],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # as an install that is a path has it
        capture_output=True,
        text=True,
        check=False,
    )
    first = SCRIPT.count("\n") + 1
    expected = {f"script.py:{first + line}": code for line, code in enumerate(MISTAKES.values())}
    found = [line for line in checked.stdout.splitlines() if ": error:" in line]
    assert {line.partition(": ")[0] for line in found} == set(expected), checked.stdout + checked.stderr
    assert all(expected[line.partition(": ")[0]] in line for line in found), checked.stdout


def test_an_editable_install_is_a_path(tmp_path):
    """An import hook, the alternative, works in Python but not in type checkers."""
    pytest.importorskip("setuptools")
    project = tmp_path / "project"
    for package in ("nn", "networks", "workbench", "autoencoder"):
        (project / package).mkdir(parents=True)
        (project / package / "__init__.py").touch()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        (project / name).write_bytes((ROOT / name).read_bytes())
    build = f"from setuptools.build_meta import build_editable as build; build({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=project, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        ours = [name for name in archive.namelist() if "dist-info" not in name]
        assert [name.rpartition(".")[2] for name in ours] == ["pth"]
        assert archive.read(ours[0]).decode().strip() == str(project)
