"""What is in a file of another library: `python -m networks.exchange FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from networks.exchange import keras, onnx, pytorch
from networks.exchange.errors import ExchangeError
from nn.one_line import one_line
from nn.shape import AnyShape, parse_shape

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is in a file, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m networks.exchange",
        description="Print what a file holds. Safetensors: every tensor with its kind and shape, and the "
        "module it belongs to where the file says so. ONNX: every node, and what of the model can be opened. "
        "Keras: every layer, and whether the model can be opened.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--input-shape",
        type=shape_of_text,
        metavar="SHAPE",
        help="of the input as ours, such as 28x28x1 or 20x3, where a file leaves sizes open",
    )
    options = parser.parse_args(arguments)
    try:
        lines = lines_on(options.file, options.input_shape)
    except ExchangeError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return BAD_INPUT
    print("\n".join(lines))
    return 0


def lines_on(path: Path, input_shape: AnyShape | None) -> list[str]:
    """Return what is said of a file, whatever it is.

    Raises
    ------
    ExchangeError
        When it is damaged, or of no known kind.
    """
    if is_onnx(path):
        return onnx.survey(path, input_shape)
    return keras.survey(path, input_shape) if is_keras(path) else described(path)


def is_keras(path: Path) -> bool:
    """Return whether a file's name is that of a file of Keras: of a model, of weights, or a description."""
    return path.suffix.lower() in (".keras", ".h5", ".hdf5", ".json")


def shape_of_text(text: str) -> AnyShape:
    """Return a shape written as 28x28x1; what it is not is said as of an argument."""
    try:
        return parse_shape(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def is_onnx(path: Path) -> bool:
    """Return whether a file's name, or its beginning, is that of an ONNX file."""
    if path.suffix.lower() in (".onnx", ".safetensors"):
        return path.suffix.lower() == ".onnx"
    try:
        with path.open("rb") as file:
            begin = file.read(9)
    except OSError:
        return False
    # the version of the format comes first there; a safetensors file has a number of 8 bytes, then its header
    return begin[:1] == b"\x08" and begin[8:] != b"{"


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
