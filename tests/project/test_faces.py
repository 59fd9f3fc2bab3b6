"""The faces of nn and networks: all that a user needs by its name, and nothing loaded before it is used."""

import ast
import importlib
import re
import subprocess
import sys

import pytest

import networks
import nn
from nn.activations import ACTIVATIONS
from nn.clipping import CLIPPINGS
from nn.lazy import lazy_names
from nn.losses import LOSSES
from nn.metrics import METRICS
from nn.optimizers import KINDS
from nn.regularizers import REGULARIZERS
from nn.schedules import SCHEDULES
from tests.support.places import ROOT

FACES = [nn, networks]
every_face = pytest.mark.parametrize("face", FACES, ids=lambda face: face.__name__)
DOCUMENTS = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


def run(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()


def test_the_faces_load_nothing():
    loaded = run("import sys, networks, nn; print(*sys.modules)")
    ours = {name for name in loaded if name.partition(".")[0] in {"nn", "networks"}}
    assert ours == {"nn", "networks", "nn.lazy"}
    assert not {"numba", "numpy"} & set(loaded)


def test_a_name_loads_the_kernels_of_its_family_alone():
    loaded = run("import sys; from networks import Dense; print(*sys.modules)")
    assert "networks.dense_o2" in loaded
    assert not {"networks.lstm_o2", "networks.convolution_o2", "networks.graph_o2"} & set(loaded)


@every_face
def test_names_are_those_of_their_homes(face):
    assert sorted(name for names in face.EXPORTS.values() for name in names) == sorted(face.__all__)
    for home, names in face.EXPORTS.items():
        for name in names:
            assert getattr(face, name) is getattr(importlib.import_module(home), name), name


@every_face
def test_type_checkers_are_told_the_same_names(face):
    tree = ast.parse((ROOT / face.__name__ / "__init__.py").read_text(encoding="utf-8"))
    told = {
        node.module: tuple(each.name for each in node.names)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in face.EXPORTS
    }
    assert {home: sorted(names) for home, names in told.items()} == {
        home: sorted(names) for home, names in face.EXPORTS.items()
    }


TABLES = [ACTIVATIONS, CLIPPINGS, KINDS, LOSSES, METRICS, REGULARIZERS, SCHEDULES]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: next(iter(table)))
def test_all_that_is_chosen_by_name_is_on_the_face(table):
    kinds = [kind if isinstance(kind, type) else type(kind) for kind in table.values()]
    assert [getattr(nn, kind.__name__) for kind in kinds] == kinds


@every_face
def test_all_names_are_listed(face):
    assert set(face.__all__) <= set(dir(face))
    assert len(set(face.__all__)) == len(face.__all__)


@every_face
def test_a_star_imports_all_names(face):
    found = run(f"from {face.__name__} import *; print(*dir())")
    assert set(face.__all__) <= set(found)


@every_face
def test_no_name_is_that_of_a_module(face):
    """Once a module is imported, it would hide the name."""
    folder = ROOT / face.__name__
    modules = {path.stem for path in folder.glob("*.py")} | {each.name for each in folder.iterdir()}
    assert not modules & set(face.__all__)


@pytest.mark.parametrize(
    ("face", "name", "message"),
    [
        (networks, "Dence", "networks has no Dence; did you mean Dense"),
        (networks, "MaxPool", "networks has no MaxPool; did you mean MaxPooling"),
        (nn, "Adm", "nn has no Adm; did you mean Adam"),
        (nn, "qqqq", "nn has no qqqq$"),
    ],
)
def test_an_unknown_name_is_refused_with_those_it_is_like(face, name, message):
    with pytest.raises(AttributeError, match=message):
        getattr(face, name)
    assert not hasattr(face, name)


def test_a_name_that_a_home_has_not_is_its_error():
    get, names = lazy_names("nn", {"nn.shape": ("Shap",)})
    assert "Shap" in names()
    with pytest.raises(AttributeError, match=r"nn\.shape.*Shap"):
        get("Shap")


def test_rungs_stay_modules():
    for rung in ("lstm", "lstm_o1", "lstm_o2"):
        module = importlib.import_module(f"networks.{rung}")
        assert getattr(networks, rung) is module
    assert networks.LSTM is importlib.import_module("networks.lstm_o2").LSTM


@pytest.mark.parametrize("package", ["workbench", "autoencoder", "experiments", "benchmarks"])
def test_applications_import_from_the_faces(package):
    """As users import: an inner module is named only for what a face lacks."""
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            package, _, within = module.partition(".")
            face = {"nn": nn, "networks": networks}.get(package)
            if face is not None and within and not within.endswith("_o1"):
                inner = importlib.import_module(module)
                public = [each.name for each in node.names if each.name in face.__all__]
                same = [name for name in public if getattr(face, name) is getattr(inner, name)]
                assert not same, f"{path.relative_to(ROOT)}: from {package} import {', '.join(same)}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_import_from_the_faces(document):
    """An inner module is named only for what a face lacks: another rung, or one of many functions."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for module, names in re.findall(r"^ *from ((?:nn|networks)\.[\w.]+) import (.+)$", text, re.MULTILINE):
        face = {"nn": nn, "networks": networks}[module.partition(".")[0]]
        for name in re.split(r", *", names.partition(" as ")[0]):
            found = getattr(importlib.import_module(module), name)
            assert getattr(face, name, None) is not found, f"{document}: from {face.__name__} import {name}"


EXAMPLE = """
from networks import Convolution, Dense, MaxPooling, Recipe, Sequential, load_model
from nn import Adam, Shape, Tanh
import networks
import numpy as np

generator = np.random.default_rng(0)
layers = [Convolution.of(channels=8, kernel=3), MaxPooling.of(window=2), Dense.of(10, activation=Tanh())]
model = Sequential(Shape(28, 28, 1), layers, generator=generator)
reveal_type(Dense.of(10))
reveal_type(Dense.of(10).build(4, generator=generator))
reveal_type(networks.LSTM)
reveal_type(Adam(0.01))
Sequential(Shape(28, 28, 1), [3], generator=generator)
networks.Dence
Dense(784, "ten", generator=generator)
"""


def test_type_checkers_know_the_faces(tmp_path):
    pytest.importorskip("mypy")
    path = tmp_path / "example.py"
    path.write_text(EXAMPLE, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", "--no-color-output", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    lines = [line.partition("example.py:")[2] for line in done.stdout.splitlines() if "example.py:" in line]
    found = "\n".join(lines)
    assert 'note: Revealed type is "networks.base.recipe.Recipe[networks.dense_o2.Dense]"' in found
    assert 'note: Revealed type is "networks.dense_o2.Dense"' in found
    assert "networks.lstm_o2.LSTM" in found
    assert 'note: Revealed type is "nn.optimizers.adaptive_moments.Adam"' in found
    errors = [line for line in lines if " error: " in line]
    assert [line.partition(":")[0] for line in errors] == ["14", "15", "16"], found


@pytest.mark.parametrize(
    "text", ["networks; networks.lstm_o1.LSTM", "nn; nn.losses.loss_by_name('huber')", "nn; nn.render"]
)
def test_modules_are_found_below_the_faces(text):
    subprocess.run([sys.executable, "-c", f"import {text}"], check=True)
