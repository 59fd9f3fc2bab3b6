"""The program: `python -m experiments video COMMAND ...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from experiments.video.command_table import COMMANDS, PROGRAM
from experiments.video.settings import TABLE
from workbench.program import Program

VIDEO = Program(
    name=PROGRAM,
    description="Train networks that read videos, make them again and predict how they go on.",
    commands=COMMANDS,
    functions={
        "train": ("experiments.video.train_command", "train"),
        "continue": ("experiments.video.train_command", "go_on"),
        "demo": ("experiments.video.model_commands", "demo"),
        "evaluate": ("experiments.video.model_commands", "evaluate"),
        "grid": ("experiments.video.grid_command", "grid"),
        "mistakes": ("experiments.video.mistakes_command", "mistakes"),
        "config": ("experiments.video.config_command", "write_config"),
    },
    table=TABLE,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status.

    Parameters
    ----------
    arguments
        Of the command line; those of the process by default.
    """
    return VIDEO.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
