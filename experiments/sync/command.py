"""The command `sync`: the results of another machine brought into the records here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from experiments.records.choosing import execute, make_parser
from experiments.sync.runs import Merged, Merging
from experiments.sync.source import copied, records_in
from experiments.sync.sweeps import merge_sweeps
from nn.byte_sizes import format_bytes
from nn.training.lock import Lock
from workbench.errors import InputError
from workbench.files import make_directory
from workbench.records import OFF, Store, records_path


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring results together and return the exit status."""
    parser = make_parser(
        "sync",
        "Merge the records of another machine into those here: runs that are new or have gone on since, "
        "with the files that they wrote, and trials of sweeps. The other's folder is only read. Can be given "
        "again at any time, and in both directions.",
        "/mnt/other/runs",
    )
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path, help="that holds the other's records.sqlite, or it"
    )
    options = parser.parse_args(arguments)
    return execute(parser, partial(_sync, options))


def _sync(options: argparse.Namespace) -> int:
    source, path = records_in(options.folder), records_path(options.records)
    if path is None:
        raise InputError(f"--records {OFF}: name the records file that is to have the results")
    if path.exists() and path.samefile(source):
        raise InputError(f"{source}: is the file that is to have the results: give another's")
    make_directory(path.parent)
    lock = Lock(path.with_name(f"{path.name}.sync.lock"), path, "bringing results together here")
    with lock, copied(source) as there, Store.open(path, create=True) as here:
        merging = Merging(there, here, source.absolute())
        for run in tqdm(merging.runs, unit="run", disable=None):
            merging.take(run)
        taken, others = merge_sweeps(there, here)
    _say(merging.merged, taken, others)
    return 0


def _say(merged: Merged, trials: int, others: Sequence[str]) -> None:
    files = merged.copied
    print(f"{'runs':10} {merged.new:,} new, {merged.updated:,} gone on, {merged.left:,} left as they are")
    print(f"{'files':10} {files.files:,} copied, {format_bytes(files.size)}")
    if files.missing:
        print(f"{'missing':10} {files.missing:,} files are not there, or not what was recorded of them")
    print(f"{'trials':10} {trials:,} taken over")
    for name in others:
        print(f"{'sweep':10} {name} is another one here: its trials were not taken over")
