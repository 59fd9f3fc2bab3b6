"""What is in a file of another library: `python -m networks.exchange FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from networks.exchange import pytorch
from networks.exchange.errors import ExchangeError
from nn.one_line import one_line

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tensors of a file and their modules, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m networks.exchange",
        description="Print what a safetensors file holds: every tensor with its kind and shape, and the "
        "module it belongs to where the file says so.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        lines = described(options.file)
    except ExchangeError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return BAD_INPUT
    print("\n".join(lines))
    return 0


def described(path: Path) -> list[str]:
    """Return a line for every tensor of a file.

    Raises
    ------
    ExchangeError
        When it is no safetensors file.
    """
    contents = pytorch.contents(path)
    names = [one_line(each.name) for each in contents]
    width = max(map(len, names), default=0)
    lines = [
        f"{name:{width}}  {each.kind:5} {' x '.join(map(str, each.shape)) or '-':16}"
        f"{'' if each.is_readable else 'cannot be read: no parameters':30}{each.module}".rstrip()
        for name, each in zip(names, contents, strict=True)
    ]
    return [*lines, f"{len(contents)} tensors"]


if __name__ == "__main__":
    sys.exit(main())
