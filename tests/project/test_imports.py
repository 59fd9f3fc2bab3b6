"""What is loaded before it is needed: a new process gets to its first training step without these."""

import subprocess
import sys

import pytest

LOADED = "import sys, {module}; print(*sorted(sys.modules))"
LARGE = {"matplotlib", "nicegui", "pymetis", "sklearn", "tensorboardX", "torch"}


def loaded_by(module: str) -> set[str]:
    command = [sys.executable, "-c", LOADED.format(module=module)]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("module", ["autoencoder.train_command", "networks.ladder", "nn.training"])
def test_large_packages_are_loaded_when_they_are_used(module):
    assert not LARGE & loaded_by(module)


@pytest.mark.parametrize("module", ["autoencoder.train_command", "networks.ladder"])
def test_families_are_loaded_when_they_are_used(module):
    assert not {"networks.lstm_o2", "nn.kernels.lstm.forward"} & loaded_by(module)
