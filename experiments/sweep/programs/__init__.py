"""The programs that sweeps train, and what a sweep has to know of each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from experiments.sweep.programs.program import SweepProgram

PROGRAMS: Mapping[str, tuple[str, str]] = {
    "autoencoder": ("experiments.sweep.programs.autoencoder", "AUTOENCODER"),
    "gan": ("experiments.sweep.programs.gan", "GAN"),
    "video": ("experiments.sweep.programs.video", "VIDEO"),
}
"""Module and name of each; only that which a sweep trains is loaded."""


def program_by_name(name: str, programs: Mapping[str, tuple[str, str]] = PROGRAMS) -> SweepProgram:
    """Return what a sweep has to know of a program.

    Parameters
    ----------
    name
        One of `programs`.
    programs
        The table.
    """
    module, attribute = programs[name]
    program: SweepProgram = getattr(import_module(module), attribute)
    return program
