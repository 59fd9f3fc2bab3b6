"""The command `config` of any program: a settings file with every key."""

from __future__ import annotations

import argparse
from typing import Any

from workbench.errors import InputError
from workbench.files import write_text
from workbench.settings.configuration_file import write_configuration
from workbench.settings.options import given_settings
from workbench.settings.table import SettingsTable


def write_config(arguments: argparse.Namespace, table: SettingsTable[Any]) -> int:
    """Write a configuration file with every key, or print it where no file is named."""
    text = write_configuration(table.make(given_settings(arguments, table)), table)
    path = arguments.file
    if path is None:
        print(text, end="")
        return 0
    if path.exists() and not arguments.overwrite:
        raise InputError(f"{path}: exists; give --overwrite to replace it, or another name")
    write_text(path, text)
    print(f"{'settings':10} {path}")
    return 0
