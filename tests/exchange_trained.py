"""Trained models in every format: the largest difference of their answers to digits they never saw.

python -m tests.exchange_trained DIRECTORY [--epochs COUNT] [--write]

DIRECTORY has the four files of MNIST. `--write` puts the table into docs/exchange.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

from benchmarks.markers import write_between_markers
from nn.data.labelled import load_labelled
from tests.exchange_differences import COLUMNS, DOCUMENT, shown
from tests.support.trained_models import IMAGE, accuracy, agreements, autoencoder, entries_of, reader
from workbench.tables import markdown_table


def main(arguments: list[str] | None = None) -> int:
    """Train, compare, print, and write if asked; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.exchange_trained", description=__doc__)
    parser.add_argument("directory", type=Path, help="files of MNIST")
    parser.add_argument("--epochs", type=int, default=1, help="of training (default %(default)s)")
    parser.add_argument("--write", action="store_true", help=f"write the table into {DOCUMENT.name}")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    digits, test = load_labelled(options.directory, IMAGE, generator=np.random.default_rng(0))
    compressor = autoencoder(digits, options.epochs, (256, 64, 32))
    classifier = reader(digits, options.epochs, 128)
    rows, same = [], 1.0
    for title, network in (("autoencoder", compressor), ("LSTM", classifier)):
        with tempfile.TemporaryDirectory() as folder:
            found = list(agreements(network, entries_of(network, test), Path(folder)))
        rows.append([title, *(shown(each.difference) for each in found)])
        if network is classifier:
            same = min(each.same for each in found)
    reconstructed = entries_of(compressor, test)
    error = float(np.mean((compressor.predict(reconstructed) - reconstructed) ** 2))
    text = (
        f"{markdown_table(['', *COLUMNS], rows)}\n\nOf {len(test.images):,} digits the LSTM gets "
        f"{accuracy(classifier, test):.1%} right, and {same:.2%} have the same class in every format; the "
        f"autoencoder's mean squared error is {error:.4f}."
    )
    print(text)
    if options.write:
        write_between_markers(DOCUMENT, "trained", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
