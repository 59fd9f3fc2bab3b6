"""The programs that sweeps train, and what a sweep has to know of each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from experiments.sweep.programs.program import SweepProgram


class Listed(NamedTuple):
    """Where a program is.

    Attributes
    ----------
    main
        Module whose `main` runs it on a list of words, and returns its exit status.
    module, name
        Of what a sweep has to know of it.
    """

    main: str
    module: str
    name: str


Programs = Mapping[str, Listed]

PROGRAMS: Programs = {
    "autoencoder": Listed("autoencoder.__main__", "experiments.sweep.programs.autoencoder", "AUTOENCODER"),
    "gan": Listed("experiments.gan.__main__", "experiments.sweep.programs.gan", "GAN"),
    "video": Listed("experiments.video.__main__", "experiments.sweep.programs.video", "VIDEO"),
}
"""All of them; only that which a sweep trains is loaded."""


def program_by_name(name: str, programs: Programs = PROGRAMS) -> SweepProgram:
    """Return what a sweep has to know of a program.

    Parameters
    ----------
    name
        One of `programs`.
    programs
        The table.
    """
    listed = programs[name]
    program: SweepProgram = getattr(import_module(listed.module), listed.name)
    return program
