"""A program of several commands: dispatch, exit statuses, and errors in one line."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from workbench.exit_status import escape_names, reported
from workbench.settings.options import Command, Parser, make_parser
from workbench.settings.table import SettingsTable
from workbench.terminal import warnings_shown

COLLECT_AFTER = 100_000
"""New objects from which Python looks for unused ones. Its usual 700 cost a tenth of a second while modules
and kernels are loaded, of which nothing is ever unused."""


@dataclass(frozen=True)
class Program:
    """A program.

    Attributes
    ----------
    name, description
        As the help texts have them.
    commands
        What it can do.
    functions
        Module and function of every command; only that of the one which is called is loaded.
    table
        Of its settings.
    """

    name: str
    description: str
    commands: Sequence[Command]
    functions: Mapping[str, tuple[str, str]]
    table: SettingsTable[Any]

    def run(self, arguments: Sequence[str] | None = None) -> int:
        """Run a command and return the exit status.

        Parameters
        ----------
        arguments
            Of the command line; those of the process by default.
        """
        usual = gc.get_threshold()
        gc.set_threshold(COLLECT_AFTER)
        try:
            return self._run(arguments)
        finally:
            gc.set_threshold(*usual)

    def parser(self) -> Parser:
        """Return the parser of the command line."""
        return make_parser(self.name, self.description, self.commands, self.table)

    def _run(self, arguments: Sequence[str] | None) -> int:
        escape_names()
        parsed = self.parser().parse(sys.argv[1:] if arguments is None else arguments)
        return reported(f"{self.name} {parsed.command}", partial(self._call, parsed), "interrupted")

    def _call(self, parsed: argparse.Namespace) -> int:
        module, function = self.functions[parsed.command]
        with warnings_shown():
            status: int = getattr(import_module(module), function)(parsed)
            return status
