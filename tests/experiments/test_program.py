"""All experiments by name."""

import subprocess
import sys
from importlib import import_module

import pytest

from experiments.__main__ import ALL, main
from tests.support.places import ROOT


def test_they_are_listed_and_there(capsys: pytest.CaptureFixture[str]):
    assert main([]) == 0
    printed = capsys.readouterr().out
    for name, (module, about) in ALL.items():
        assert f"  {name}" in printed
        assert about in printed
        assert callable(import_module(module).main)


def test_an_unknown_one_is_named(capsys: pytest.CaptureFixture[str]):
    assert main(["gann"]) == 2
    assert "there is no 'gann'; did you mean gan?" in capsys.readouterr().err
    assert main(["zzz"]) == 2
    assert "python -m experiments lists them" in capsys.readouterr().err


def test_options_go_to_the_experiment():
    command = [sys.executable, "-m", "experiments", "gan", "generate", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "usage: python -m experiments gan generate" in done.stdout
    assert "python -m experiments gan generate --labels 3,8 --count 20" in done.stdout
