"""The command `config`."""

from __future__ import annotations

import argparse

from experiments.video.settings import TABLE
from workbench.settings import config_command


def write_config(arguments: argparse.Namespace) -> int:
    """Write a settings file with every key, or print it where no file is named."""
    return config_command.write_config(arguments, TABLE)
