"""The program: `autoencoder COMMAND ...` or `python -m autoencoder COMMAND ...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from autoencoder.command_table import COMMANDS
from autoencoder.settings import TABLE
from workbench.program import Program

PROGRAM = Program(
    name="autoencoder",
    description="Train an image autoencoder on a folder of images and look at everything it does.",
    commands=COMMANDS,
    functions={
        "train": ("autoencoder.train_command", "train"),
        "serve": ("autoencoder.serve_command", "serve"),
        "replay": ("autoencoder.replay_command", "replay"),
        "replay-page": ("autoencoder.replay_page_command", "replay_page"),
        "reconstruct": ("autoencoder.model_commands", "reconstruct"),
        "encode": ("autoencoder.model_commands", "encode"),
        "decode": ("autoencoder.model_commands", "decode"),
        "render": ("autoencoder.model_commands", "render"),
        "info": ("autoencoder.model_commands", "info"),
        "export": ("autoencoder.exchange_commands", "export_model"),
        "import": ("autoencoder.exchange_commands", "import_model"),
        "config": ("autoencoder.config_command", "write_config"),
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
    return PROGRAM.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
