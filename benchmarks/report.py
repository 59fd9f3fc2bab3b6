"""Writing results into the documents, the README, the headers of rungs, and a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

from benchmarks.environment import ROOT
from benchmarks.figures import Measured, load_all
from benchmarks.ladder_picture import draw_ladder
from benchmarks.markers import HEADER_BEGIN, HEADER_END, replace_between, write_between_markers
from benchmarks.tables import family_tables, header_table, limits_table, summary_table
from networks import RUNGS

INDENT = " " * 4
LADDERS = {"epoch": "dense", "large_local": "local"}
"""Tables that are not of a ladder, and the ladder that their networks are built from."""


def report(families: Iterable[str], root: Path = ROOT) -> list[Path]:
    """Rewrite all tables of families with results, and draw the picture.

    Parameters
    ----------
    families
        In the order of the tables; those without results are left as they are.
    root
        The folder of the README, `docs`, `networks` and `benchmarks/results`.

    Returns
    -------
    list of Path
        The files that contain tables.

    Raises
    ------
    ValueError
        When a file has no markers for a table, or results are damaged.
    """
    measured = load_all(list(families), root / "benchmarks" / "results")
    if not measured:
        return []
    document, readme = root / "docs" / "benchmarks.md", root / "README.md"
    for family, each in measured.items():
        write_between_markers(document, family, family_tables(each))
    write_between_markers(document, "machine", _machine(measured))
    write_between_markers(readme, "benchmarks", f"{summary_table(measured)}\n\n{_measured_at(measured)}")
    picture = root / "docs" / "pictures" / "ladder.png"
    draw_ladder(measured).save(picture, optimize=True)
    headers = _write_headers(measured, root / "networks")
    return [document, readme, picture, *headers]


def _machine(measured: Mapping[str, Measured]) -> str:
    """Return the limits of the machine in every run, and the families that were measured in it."""
    runs: dict[str, list[str]] = {}
    for family, each in measured.items():
        runs.setdefault(limits_table(each.limits), []).append(family.replace("_", " "))
    if len(runs) == 1:
        return next(iter(runs))
    return "\n\n".join(f"While {', '.join(families)} ran:\n\n{table}" for table, families in runs.items())


def _measured_at(measured: Mapping[str, Measured]) -> str:
    """Say when, where and at which commits the rows of a table were measured."""
    return "\n".join(
        f"{each}." for each in dict.fromkeys(str(each.environment) for each in measured.values())
    )


def _write_headers(families: Mapping[str, Measured], folder: Path) -> list[Path]:
    """Rewrite the table in the header of every rung of the families that are ladders."""
    ladders: dict[str, list[Measured]] = {}
    for family, measured in families.items():
        ladders.setdefault(LADDERS.get(family, family), []).append(measured)
    written = []
    for (ladder, each), rung in product(ladders.items(), RUNGS[1:]):
        path = folder / f"{ladder}_{rung}.py"
        table = header_table(each, rung)
        if path.is_file() and table:
            lines = [f"{INDENT}{line}\n" for line in table.splitlines()]
            replace_between(path, HEADER_BEGIN, HEADER_END, "".join(lines))
            written.append(path)
    return written
