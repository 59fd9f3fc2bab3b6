"""Does a local autoencoder keep more of a photograph than principal components, number for number?

    python -m experiments.photographs data/photos

cuts 64 x 64 crops out of photographs, trains the local architecture with a code of 256 numbers on them,
fits 256 principal components on the same crops, and compares both on crops from a strip of every
photograph that no training crop touches.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autoencoder.recorded import record_results, recorded
from autoencoder.session import Session, start_session
from autoencoder.settings import TABLE, Settings
from nn import DataError, ImageSet, ProgressBar
from nn.principal_components import PrincipalComponents, principal_components
from nn.render import reconstructions, save
from workbench.errors import SettingsError
from workbench.records.place import add_records_option
from workbench.records.training import RecordedRows, ending
from workbench.settings.table import Given, to_key, to_text

NAMES = {"width": "side", "height": "side", "input_directory": "images", "output_directory": "output"}
"""Names of settings that are called differently in the autoencoder."""

SHOWN = 28
BLOCK = 512


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.photographs",
        description=__doc__.split("\n", 1)[0],
        epilog="example: python -m experiments.photographs data/photos --minutes 5",
    )
    parser.add_argument("images", type=Path, help="folder of photographs")
    parser.add_argument("--minutes", type=float, help="training time (default 5 without --epochs)")
    parser.add_argument("--epochs", type=int, help="passes over the crops (default: as time allows)")
    parser.add_argument("--crops", type=int, default=2000, help="crops from each photograph (default 2000)")
    parser.add_argument("--side", type=int, default=64, help="side of a crop (default 64)")
    parser.add_argument("--channels", type=int, default=3, choices=(1, 3, 4), help="channels (default 3)")
    parser.add_argument("--code-size", type=int, default=256, help="numbers for a crop (default 256)")
    parser.add_argument("--output", type=Path, default=Path("runs/photographs"), help="folder for pictures")
    add_records_option(parser)
    return parser


def make_settings(options: argparse.Namespace) -> Settings:
    """Return the settings of the autoencoder: three layers that halve, the last of them the code."""
    channels_of_code = max(1, options.code_size // max(1, options.side // 8) ** 2)
    values: dict[str, Any] = {
        "input_directory": options.images,
        "width": options.side,
        "height": options.side,
        "channels": options.channels,
        "fit": "random-crop",
        "crops": options.crops,
        "architecture": "local",
        "layers": (12, 16, channels_of_code),
        "window": 6,
        "code_size": options.code_size,
        "leakage": 0.3,
        "output_activation": "identity",
        "learning_rate": 0.003,
        "batch_size": 32,
        "epochs": options.epochs,
        "minutes": 5 if options.epochs is None and options.minutes is None else options.minutes,
        "model_directory": options.output / "model",
        "output_directory": options.output,
    }
    texts = {name: to_text(value) for name, value in values.items()}
    given = {name: Given(text, f"--{NAMES.get(name, to_key(name))}") for name, text in texts.items()}
    return TABLE.make(given)


def project(images: ImageSet, components: PrincipalComponents) -> np.ndarray:
    """Return the reconstructions of images from their principal components, clipped to [0, 1]."""
    outputs = np.empty((len(images), *images.shape), np.float32)
    for start in range(0, len(images), BLOCK):
        batch, _ = images.batch(np.arange(start, min(start + BLOCK, len(images))))
        outputs[start : start + len(batch)] = components.kept(batch.reshape(len(batch), -1)).reshape(
            batch.shape
        )
    return np.clip(outputs, 0, 1)


def fit_components(session: Session, code_size: int) -> PrincipalComponents:
    """Return the components of all crops that the session trains on."""
    crops, _ = session.training.batch(np.arange(len(session.training)))
    return principal_components(crops.reshape(len(crops), -1), code_size, generator=np.random.default_rng(0))


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, fit, compare, draw."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        session = start_session(make_settings(options))
    except (DataError, SettingsError, ValueError) as error:
        parser.error(str(error))
    print(f"{len(session.training):,} crops to learn from, {len(session.held_out):,} held out", flush=True)
    components = fit_components(session, options.code_size)
    with recorded(session, options.records, program="photographs") as recorder:
        outcome = session.train([ProgressBar(), RecordedRows(recorder)])
        record_results(recorder, session)
        recorder.finish(*ending(outcome))
    held_out, _ = session.held_out.batch(np.arange(len(session.held_out)))
    results = {
        "principal components": project(session.held_out, components),
        "local autoencoder": session.model.reconstruct(held_out),
    }
    chosen = np.linspace(0, len(held_out) - 1, SHOWN, dtype=int)
    for name, outputs in results.items():
        mean_square = float(np.mean((outputs - held_out) ** 2, dtype=np.float64))
        print(f"{name:22} mean squared error {mean_square:.6f} on held-out crops")
        title = f"{name}: {options.code_size} numbers a crop"
        picture = reconstructions(held_out[chosen], outputs[chosen], title=title)
        save(picture, options.output / f"{name.replace(' ', '_')}.png")
    print(f"pictures in {options.output}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
