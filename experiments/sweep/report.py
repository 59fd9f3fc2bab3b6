"""The report of a sweep: table, winner, pictures.

They follow from what the trials reached alone, so they are the same to the bit whoever ran the sweep, with
how many workers, and however often it was interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.sweep.importance import importances
from experiments.sweep.report_plots import draw_all
from experiments.sweep.standings import Standing, cells, headings, standings, trials_csv, winner
from experiments.sweep.sweep import Sweep, amount_text
from experiments.sweep.trials import RUNNING, WAITING, TrialRow
from nn.render import save
from workbench.errors import InputError
from workbench.files import make_directory, write_text
from workbench.tables import markdown_table


def write_report(sweep: Sweep, rows: Sequence[TrialRow], folder: Path) -> list[Path]:
    """Write the report, and return its files.

    Parameters
    ----------
    sweep, rows
        What was searched, and its trials.
    folder
        Of the sweep; the report gets one in it.

    Raises
    ------
    InputError
        When no trial has ended.
    """
    found = standings(sweep, rows)
    if winner(found) is None:
        raise InputError(f"{sweep.path}: no candidate has reached anything yet: there is nothing to report")
    place = folder / "report"
    make_directory(place)
    pictures = draw_all(sweep, rows, found, importances(sweep, found))
    for name, picture in pictures.items():
        save(picture, place / f"{name}.png")
    write_text(place / "report.md", as_markdown(sweep, rows, found, folder, list(pictures)))
    write_text(place / "trials.csv", trials_csv(sweep, rows))
    return [place / name for name in ("report.md", "trials.csv", *(f"{name}.png" for name in pictures))]


def as_markdown(
    sweep: Sweep, rows: Sequence[TrialRow], found: Sequence[Standing], folder: Path, pictures: Sequence[str]
) -> str:
    """Return the report as a document."""
    names = headings(sweep)
    lines = [
        f"# {sweep.name}",
        "",
        summary(sweep, rows),
        "",
        markdown_table(names, table_rows(sweep, found)),
        "",
        "The best:",
        "",
        "```console",
        f"$ {winning_command(sweep, found, folder)}",
        "```",
        "",
        *(f"![{name}]({name}.png)" for name in pictures),
    ]
    return "\n".join(lines) + "\n"


def table_rows(sweep: Sweep, found: Sequence[Standing]) -> list[list[str]]:
    """Return the rows of the table, the best candidate first."""
    return [cells(sweep, rank, each) for rank, each in enumerate(found, 1)]


def summary(sweep: Sweep, rows: Sequence[TrialRow]) -> str:
    """Say what was searched, and how far it is."""
    file, ended = sweep.file, sum(row.state not in (WAITING, RUNNING) for row in rows)
    seeds = "one seed" if file.seeds == 1 else f"mean ± standard deviation over {file.seeds} seeds"
    budget = f"{amount_text(file.budget.amount)} {file.budget.unit}"
    left = len(rows) - ended
    open_ones = f" {left} of {len(rows)} trials have not ended yet." if left else ""
    return (
        f"{file.program}, {file.search.kind}: {len(rows) // file.seeds} candidates, up to {budget} each, "
        f"{seeds}; to {file.objective.direction} {file.objective.statistic} ({file.objective.of}).{open_ones}"
    )


def winning_command(sweep: Sweep, found: Sequence[Standing], folder: Path) -> str:
    """Return the command line of the best candidate, in a folder of its own."""
    best = found[0]
    return sweep.command_line(sweep.trial(best.trials[0].number, best.candidate), folder / "best")
