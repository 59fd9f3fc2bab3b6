"""The command line: `python -m experiments.evaluation`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from experiments.command import whole_number
from experiments.evaluation.files import LEAST, Entries, check_together, read_entries, same_steps
from experiments.evaluation.output import summary, write
from experiments.evaluation.report import LIMIT, evaluate
from experiments.evaluation.transfer import SEEDS
from experiments.series_options import add_roles, roles_of
from nn import DataError
from workbench.errors import InputError
from workbench.files import make_directory

PROGRAM = "python -m experiments.evaluation"
EXAMPLES = f"""\
files: .npz with the array values (entries, ...), numbers, and labels (entries,), or none in all of them.
       numpy.savez("synthetic.npz", values=images, labels=digits)
       or series: .csv, .tsv or .txt (UCR), .ts, .arff; of unequal lengths too
  --real       what the generator was trained on
  --test       real entries that it never saw: they are the floor of every figure
  --synthetic  what it made; a series is (entries, steps, variables)

examples:
  {PROGRAM} --real train.npz --test test.npz --synthetic synthetic.npz --out report
      everything; open report/report.html
  {PROGRAM} --real train.npz --test test.npz --synthetic synthetic.npz --out quick --limit 300 --seeds 2
      a quick look
  {PROGRAM} --real train.npz --test test.npz --synthetic test.npz --out best --no-labels
      what a perfect generator has
  {PROGRAM} --real train.csv --test test.csv --synthetic synthetic.npz --label kind --row series --out series
      series, of which every row of a table is one

exit status: 0 done, 1 failed while running, 2 bad input, 130 interrupted."""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Judges synthetic data against real data; writes report.json and report.html.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, words in (("real", "trained on"), ("test", "held out"), ("synthetic", "made")):
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=f"entries {words}")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the report goes")
    parser.add_argument(
        "--limit",
        type=whole_number(LEAST),
        default=LIMIT,
        help="use so many entries of each (default %(default)s)",
    )
    parser.add_argument(
        "--seeds",
        type=whole_number(1),
        default=SEEDS,
        help="trainings of each classifier (default %(default)s)",
    )
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, help="of all that is drawn (default %(default)s)"
    )
    parser.add_argument(
        "--no-labels", action="store_true", help="leave labels out, and TSTR and TRTS with them"
    )
    parser.add_argument(
        "--unlabelled",
        action="store_true",
        help="the synthetic entries come without labels: no TSTR and TRTS, but the classes a network finds",
    )
    add_roles(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        files = _read(options)
        make_directory(options.out)
    except (DataError, InputError, OSError) as error:
        parser.error(str(error))
    try:
        with tqdm(unit="measure", disable=None) as bar:
            report = evaluate(
                *files,
                generator=np.random.default_rng(options.seed),
                limit=options.limit,
                seeds=options.seeds,
                progress=lambda name: _show(bar, name),
            )
        write(report, options.out)
    except KeyboardInterrupt:
        return 130
    except (ValueError, OSError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    print(summary(report))
    print(f"\nreport: {options.out / 'report.html'}")
    return 0


def _read(options: argparse.Namespace) -> tuple[Entries, Entries, Entries]:
    paths = options.real, options.test, options.synthetic
    roles = roles_of(options, paths)
    real, test, synthetic = same_steps([read_entries(path, roles) for path in paths])
    if options.no_labels:
        real, test, synthetic = (replace(each, labels=None) for each in (real, test, synthetic))
    if options.unlabelled:
        synthetic = replace(synthetic, labels=None)
    check_together(real, test, synthetic, labelled=not options.unlabelled)
    return real, test, synthetic


def _show(bar: tqdm, name: str) -> None:
    bar.set_description(name)
    bar.update()


if __name__ == "__main__":
    sys.exit(main())
