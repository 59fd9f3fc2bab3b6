"""Does a network trained on few images keep more of other images than principal components of the same few?

    python -m experiments.small_folders data/mnist

takes some hundred images, trains the default network on them twice, as it is for a folder of thousands and
as it is for one of few images, and compares both with principal components of all of the images, on other
images that none of them has seen. A tenth of the images is held out of training, as by default; the
components are fitted on these as well.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autoencoder.components import components_error, mean_error
from autoencoder.model import BATCH_SIZE
from autoencoder.recorded import recorded
from autoencoder.session import Session, start_session
from autoencoder.settings import Settings
from nn import DataError, ImageSet, Shape, load_images
from nn.data.fit import FITS
from nn.principal_components import principal_components
from workbench.errors import SettingsError
from workbench.records.place import add_records_option
from workbench.records.training import RecordedRows, ending
from workbench.tables import text_table

AS_FOR_MANY: Mapping[str, Any] = {"start_from": "drawn", "shifts": 0, "keep": "last"}
"""Settings of the default network for a folder of thousands."""

HEADINGS = ("images", "code", "components", "as for many", "as for few", "few / components", "kept epoch")


class Task(NamedTuple):
    """Images to choose some from, and others to test on; None where they are chosen from the same."""

    images: ImageSet
    tests: ImageSet | None


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.small_folders",
        description=__doc__.split("\n", 1)[0],
        epilog="example: python -m experiments.small_folders data/mnist --images 300 --steps 1000",
    )
    parser.add_argument("images_path", type=Path, metavar="PATH", help="folder of images, IDX files or .npy")
    parser.add_argument("--images", type=_counts, default=(100, 300, 1000), help="how many (100,300,1000)")
    parser.add_argument("--code-size", type=_counts, default=(40,), help="numbers for an image (40)")
    parser.add_argument("--tests", type=int, default=600, help="other images (default %(default)s)")
    parser.add_argument("--steps", type=int, default=2400, help="steps of training (default %(default)s)")
    parser.add_argument("--side", type=int, default=28, help="side of an image (default %(default)s)")
    parser.add_argument("--channels", type=int, default=1, choices=(1, 3, 4), help="(default %(default)s)")
    parser.add_argument("--fit", default="crop", choices=FITS, help="as of the program (default %(default)s)")
    parser.add_argument("--held-out", type=float, default=0.1, help="share held out (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of which images, and of training")
    add_records_option(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, compare, print a row for every number of images and every code."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        task = load_task(options)
        rows = list(compared(task, options))
    except (DataError, SettingsError, ValueError) as error:
        parser.error(str(error))
    name = options.images_path.resolve().name
    print(
        f"{name}, {options.side} x {options.side} x {options.channels}, {options.steps} steps; mean squared"
    )
    print(f"error x 1000 on {options.tests} other images\n")
    print(text_table([HEADINGS, *rows]))
    return 0


def load_task(options: argparse.Namespace) -> Task:
    """Load the images; those to test on come from a test file, or from strips that no crop overlaps."""
    crops = options.fit == "random-crop"
    images, tests = load_images(
        options.images_path,
        Shape(options.side, options.side, options.channels),
        fit=options.fit,
        generator=np.random.default_rng(options.seed),
        held_out_fraction=0.2 if crops else 0.0,
        crops_per_image=max(options.images) + options.tests,
    )
    return Task(images, tests if len(tests) else None)


def compared(task: Task, options: argparse.Namespace) -> Iterator[list[str]]:
    """Yield the row of every number of images and every code."""
    for count in options.images:
        images, tests = draw(task, count, options)
        for code_size in options.code_size:
            yield [f"{count:,}", str(code_size), *compare(images, tests, code_size, options)]


def draw(task: Task, count: int, options: argparse.Namespace) -> tuple[ImageSet, ImageSet]:
    """Return a number of images, and others to test on."""
    generator = np.random.default_rng(options.seed)
    order = generator.permutation(len(task.images))
    wanted = count + (options.tests if task.tests is None else 0)
    if len(order) < wanted:
        raise DataError(f"{len(order)} images, {wanted} are needed")
    if task.tests is None:
        return task.images.select(order[:count]), task.images.select(order[count:wanted])
    others = generator.permutation(len(task.tests))[: options.tests]
    return task.images.select(order[:count]), task.tests.select(others)


def compare(images: ImageSet, tests: ImageSet, code_size: int, options: argparse.Namespace) -> list[str]:
    """Return the errors of components and of both networks, their ratio, and the epoch that was kept."""
    rows = images.batch(np.arange(len(images)))[0].reshape(len(images), -1)
    components = principal_components(rows, code_size, generator=np.random.default_rng(options.seed))
    base = components_error(components, tests)
    many, few = (trained(images, code_size, options, each) for each in (AS_FOR_MANY, {}))
    errors = [error_of(each, tests) for each in (many, few)]
    kept = few.trainer.restored_epoch
    return [
        *(f"{1000 * error:.3f}" for error in (base, *errors)),
        f"{errors[1] / base:.3f}",
        "last" if kept is None else f"{kept:g}",
    ]


def trained(
    images: ImageSet, code_size: int, options: argparse.Namespace, changes: Mapping[str, Any]
) -> Session:
    """Return a session that was trained on images, a part of them held out."""
    parts = images.split(options.held_out, generator=np.random.default_rng(options.seed))
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(
            width=options.side,
            height=options.side,
            channels=options.channels,
            code_size=code_size,
            seed=options.seed,
            epochs=max(1, round(options.steps / -(-len(parts[0]) // 128))),
            model_directory=Path(directory),
            **changes,
        )
        session = start_session(settings, images=parts)
        with recorded(session, options.records, program="small_folders", temporary=True) as recorder:
            outcome = session.train([RecordedRows(recorder)])
            recorder.finish(*ending(outcome))
    return session


def error_of(session: Session, tests: ImageSet) -> float:
    """Return the mean squared error of a session's network on other images."""
    return mean_error(tests, lambda batch: session.model.network.predict(batch, BATCH_SIZE))


def _counts(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r}: give whole numbers of at least 1, such as 100,300")
    return tuple(map(int, parts))


if __name__ == "__main__":
    raise SystemExit(main())
