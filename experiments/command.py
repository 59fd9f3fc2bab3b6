"""What the command lines of all experiments share: options, images, progress and exit codes."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from experiments.comparison import Comparison, Task, Variant, compare
from nn import DataError, Shape, load_images
from nn.render import save
from workbench.records.place import add_records_option

HELD_OUT_LIMIT = 1000
SHAPE = Shape(28, 28, 1)

Show = Callable[[Comparison, str], tuple[str, Image.Image]]
"""Turns a comparison and the name of its images into a table and a picture."""


def make_parser(name: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every experiment."""
    program = f"python -m experiments.{name}"
    parser = argparse.ArgumentParser(
        prog=program,
        description=textwrap.fill(description, 79),
        epilog=f"""\
examples:
  {program}
      built-in digits, some minutes
  {program} --input-directory data/mnist --output runs/{name}-mnist.png
      images of your own
  {program} --images 500 --epochs 2 --seeds 2
      a quick look

One thread is enough for layers this small, and leaves the others to you: NUMBA_NUM_THREADS=1 {program}""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--input-directory",
        type=Path,
        metavar="PATH",
        help="folder of images, IDX files or .npy; fitted to 28 x 28 grey (default: built-in digits)",
    )
    parser.add_argument(
        "--images",
        type=whole_number(1),
        default=10_000,
        help="use the first so many images (default %(default)s)",
    )
    parser.add_argument(
        "--epochs",
        type=whole_number(1),
        default=16,
        help="passes over the training images (default %(default)s)",
    )
    parser.add_argument(
        "--seeds", type=whole_number(1), default=5, help="runs of every variant (default %(default)s)"
    )
    parser.add_argument(
        "--output",
        type=picture_path,
        default=Path("runs", f"{name}.png"),
        metavar="FILE",
        help="where the picture goes, a .png (default %(default)s)",
    )
    add_records_option(parser)
    return parser


def execute(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    variants: Sequence[Variant],
    baseline: Variant,
    show: Show,
) -> int:
    """Run a comparison, print its table and save its picture; return the exit status.

    Bad input exits with status 2 and a message; Ctrl-C returns 130, and a comparison or a picture that
    failed 1.
    """
    try:
        task = load_task(options)
        options.output.parent.mkdir(parents=True, exist_ok=True)
    except (DataError, OSError) as error:
        parser.error(str(error))
    try:
        with tqdm(total=len(variants) * options.seeds, unit="run", disable=None) as bar:
            comparison = compare(
                variants,
                task,
                baseline=baseline,
                seeds=options.seeds,
                progress=bar.update,
                program=parser.prog.rpartition(".")[2],
                records=options.records,
            )
        table, picture = show(comparison, _images_name(options, task))
        save(picture, options.output)
        print(table)
    except KeyboardInterrupt:
        return 130
    except (ValueError, OSError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    print(f"\npicture: {options.output}")
    return 0


def load_task(options: argparse.Namespace) -> Task:
    """Load the images that the options ask for; the same ones for every seed.

    Raises
    ------
    DataError
        When there are not at least two usable images.
    """
    generator = np.random.default_rng(0)
    training, held_out = load_images(
        options.input_directory, SHAPE, generator=generator, limit=options.images
    )
    if not len(held_out):
        raise DataError(f"{len(training)} image: at least two are needed, one of them to be held out")
    held_out = held_out.select(np.arange(min(HELD_OUT_LIMIT, len(held_out))))
    return Task(training, held_out, options.epochs)


def _images_name(options: argparse.Namespace, task: Task) -> str:
    name = "built-in digits" if options.input_directory is None else options.input_directory.resolve().name
    return f"{len(task.training):,} images of {name}"


def whole_number(least: int) -> Callable[[str], int]:
    """Return a parser of an option that is a whole number of at least `least`."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return read


def picture_path(text: str) -> Path:
    """Parse an option that is the path of a picture."""
    if Path(text).suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .png")
    return Path(text)
