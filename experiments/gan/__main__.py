"""The program: `python -m experiments gan COMMAND ...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from experiments.gan.command_table import COMMANDS, PROGRAM
from experiments.gan.settings import TABLE
from workbench.program import Program

GAN = Program(
    name=PROGRAM,
    description="Train adversarial networks on images or time series, and use and judge what they make.",
    commands=COMMANDS,
    functions={
        "train": ("experiments.gan.train_command", "train"),
        "continue": ("experiments.gan.train_command", "go_on"),
        "generate": ("experiments.gan.model_commands", "generate"),
        "interpolate": ("experiments.gan.model_commands", "interpolate"),
        "evaluate": ("experiments.gan.model_commands", "evaluate"),
        "config": ("experiments.gan.config_command", "write_config"),
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
    return GAN.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
