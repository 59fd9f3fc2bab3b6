"""Which engine a command line asks for, and how many processors each process gets."""

import sys
import tempfile
from pathlib import Path
from tempfile import mkdtemp

import pytest

from experiments.engines.cluster import processors_each
from tests.support.quick_sweeps import run
from tests.support.sweep_files import write_sweep


@pytest.mark.parametrize(
    ("machines", "processes", "each"),
    [([2], 1, 2), ([2], 2, 1), ([8, 4], 2, 4), ([8, 4], 3, 4), ([8, 4], 4, 2), ([1, 1], 5, 1), ([], 3, 1)],
)
def test_a_process_gets_what_all_of_them_can_have_on_one_machine(machines, processes, each):
    assert processors_each(machines, processes) == each


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--address", "local"], "--address local: is of --engine ray"),
        (
            ["--engine", "ray", "--address", "ray://there"],
            "--address ray://there: give HOST:PORT, auto or local",
        ),
        (["--engine", "ray", "--address", "local"], "needs Ray: pip install 'ganglion[cluster]'"),
    ],
)
def test_what_is_no_engine_is_refused(words, said, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GANGLION_RECORDS", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_: mkdtemp(dir=own))
    assert run("run", str(write_sweep(tmp_path)), *words) == 2
    assert said in capsys.readouterr().err
    assert not list(own.iterdir())
    assert run("status", str(tmp_path / "sweep.toml")) == 2  # nothing was begun
