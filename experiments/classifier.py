"""What the classifiers of images among the experiments share: options, training, test, pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import numpy as np

import workbench
from networks import Network, model_metadata
from nn import (
    Adam,
    ArrayBatches,
    CategoricalCrossEntropyWithLogits,
    Cosine,
    DataError,
    ImageSet,
    ProgressBar,
    Shape,
    SnapshotError,
    Snapshots,
    Trainer,
    TrainingDiverged,
    load_latest,
)
from nn.data.labelled import load_labelled
from nn.pixel_scaling import scale_pixels
from nn.render import confusion, loss_curve, mistakes, save
from nn.training.lock import FolderLock, FolderLockedError
from workbench.records import About, Recorder, recording
from workbench.records.place import add_records_option
from workbench.records.training import RecordedRows, ending, fingerprint, settings_of

SHAPE = Shape(28, 28, 1)
CLASSES = 10
VALIDATION = 1 / 12
MINUTES = 5
SNAPSHOT_SECONDS = 20
SHOWN = 27
PICTURES = ("confusion.png", "loss.png", "mistakes.png")

NO_SETTINGS = ("records", "resume", "watch")
"""Options that say nothing of what is trained."""

Build = Callable[[np.random.Generator], Network]
"""Makes the network, given the generator of its weights."""

Arrange = Callable[[np.ndarray], np.ndarray]
"""Turns images, uint8 (N, 28, 28, 1), into inputs of the network, (N, ...)."""


def make_parser(name: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every classifier."""
    program = f"python -m experiments.{name}"
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=f"example: {program} data/mnist --minutes 5",
    )
    parser.add_argument(
        "images",
        type=Path,
        nargs="?",
        help="folder of IDX files with their labels, such as MNIST's (default: rendered digits)",
    )
    parser.add_argument("--minutes", type=float, help=f"training time (default {MINUTES} without --epochs)")
    parser.add_argument("--epochs", type=float, help="passes over the images (default: as time allows)")
    parser.add_argument("--limit", type=int, help="use only the first so many images")
    parser.add_argument("--batch-size", type=int, default=64, help="images to a step (default %(default)s)")
    parser.add_argument(
        "--learning-rate", type=float, default=0.002, help="at the start (default %(default)g)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn (default %(default)s)")
    parser.add_argument("--watch", action="store_true", help="show the training in a page of the browser")
    parser.add_argument("--resume", action="store_true", help="go on from the last snapshot in the folder")
    add_records_option(parser)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("runs", name),
        help="folder for the model and the pictures (default %(default)s)",
    )
    return parser


def run(parser: argparse.ArgumentParser, options: argparse.Namespace, build: Build, arrange: Arrange) -> int:
    """Train a classifier, test it, draw the results; return the exit status."""
    with ExitStack() as stack:
        try:
            seeds = np.random.SeedSequence(_seed(options)).spawn(3)
            weights, order, data = map(np.random.default_rng, seeds)
            training, test = load_labelled(options.images, SHAPE, generator=data, limit=options.limit)
            network = build(weights)
            trainer = make_trainer(network, arrange, training, options, order)
            options.output.mkdir(parents=True, exist_ok=True)
            path = options.output / "model.safetensors"
            with FolderLock(options.output):
                if options.resume:
                    trainer.restore(load_latest(path))
                print(network.summary(options.batch_size), flush=True)
                snapshots = Snapshots(path, SNAPSHOT_SECONDS, model_metadata(network))
                train = partial(workbench.watch, trainer) if options.watch else trainer.train
                recorder = stack.enter_context(recorded(parser, options, trainer))
                callbacks = [ProgressBar(), snapshots, RecordedRows(recorder)]
                outcome = train(*limits(options), callbacks=callbacks)
        except (DataError, ValueError, FolderLockedError) as error:
            parser.error(str(error))
        except (OSError, SnapshotError, TrainingDiverged) as error:
            parser.exit(1, f"{parser.prog}: {error}\n")
        recorder.results({"test_accuracy": report(trainer, arrange, test, options.output)})
        recorder.artefacts([path], "model")
        recorder.artefacts(options.output / name for name in PICTURES)
        recorder.finish(*ending(outcome))
    if recorder.where:
        print(f"record: {recorder.where}")
    return 0


def recorded(
    parser: argparse.ArgumentParser, options: argparse.Namespace, trainer: Trainer
) -> AbstractContextManager[Recorder]:
    """Return a block in which a training is recorded."""
    settings = {name: value for name, value in vars(options).items() if name not in NO_SETTINGS}
    about = About(
        parser.prog.rpartition(".")[2], {**settings_of(trainer), **settings}, options.output, options.seed
    )
    step = trainer.step if options.resume else None
    return recording(about, options.records, step, fingerprint=partial(fingerprint, trainer))


def _seed(options: argparse.Namespace) -> int:
    """Return the seed, or raise a ValueError when it is not valid."""
    seed: int = options.seed
    if seed < 0:
        raise ValueError(f"seed {seed} must be a whole number of at least 0")
    return seed


def limits(options: argparse.Namespace) -> tuple[float | None, float | None]:
    """Return epochs and minutes; without either the usual time."""
    neither = options.epochs is None and options.minutes is None
    return options.epochs, MINUTES if neither else options.minutes


def make_trainer(
    network: Network,
    arrange: Arrange,
    images: ImageSet,
    options: argparse.Namespace,
    generator: np.random.Generator,
) -> Trainer:
    """Return a trainer that holds a share of the images out to validate on."""
    network.propagates = False
    batches = ArrayBatches(arrange(images.images), images.labels)
    training, validation = batches.split(VALIDATION, generator=generator, labels=images.labels)
    return Trainer(
        network,
        CategoricalCrossEntropyWithLogits(),
        Adam(options.learning_rate),
        training,
        validation,
        batch_size=options.batch_size,
        generator=generator,
        schedule=Cosine(warmup=0.02),
    )


def report(trainer: Trainer, arrange: Arrange, test: ImageSet, folder: Path) -> float:
    """Print and return the share of right answers on the test images, and save the pictures."""
    network: Network = trainer.network  # type: ignore[assignment]
    scores = network.predict(arrange(test.images)).reshape(len(test), CLASSES)
    answers, labels = scores.argmax(axis=1), np.asarray(test.labels)
    right = float(np.mean(answers == labels))
    title = f"{right:.2%} of {len(test):,} test images are right, after {trainer.clock.seconds:.0f} s"
    print(f"{title} and {trainer.shuffle.epochs:.1f} epochs")
    names = [str(number) for number in range(CLASSES)]
    save(confusion(labels, answers, names, title=title), folder / "confusion.png")
    save(loss_curve(*curves(trainer), title="Cross-entropy"), folder / "loss.png")
    wrong = most_confident_mistakes(scores, labels)
    if len(wrong):
        texts = [[names[number] for number in numbers[wrong]] for numbers in (labels, answers)]
        picture = mistakes(scale_pixels(test.images[wrong]), *texts, title="The surest of the wrong answers")
        save(picture, folder / "mistakes.png")
    print(f"pictures in {folder}")
    return right


def curves(trainer: Trainer) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return pairs (step, loss) of training and of validation."""
    curve = trainer.log.curve
    rows = [(float(row.step), row.held_out_loss) for row in trainer.rows if row.held_out_loss is not None]
    return [(float(step), loss) for step, loss in zip(curve.steps, curve.losses, strict=True)], rows


def most_confident_mistakes(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the numbers of the wrong answers, the most confident first."""
    margins = scores.max(axis=1) - scores[np.arange(len(labels)), labels]
    order = np.argsort(-margins, kind="stable")
    return order[: int(np.sum(margins > 0))][:SHOWN]


def main(name: str, description: str, build: Build, arrange: Arrange, arguments: Sequence[str] | None) -> int:
    """Run the command line of a classifier."""
    parser = make_parser(name, description)
    return run(parser, parser.parse_args(arguments), build, arrange)
