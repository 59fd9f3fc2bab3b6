"""Printing figures as tables, and writing them between the markers of a Markdown file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.machine import Limits
from benchmarks.measure import Figure

HEADINGS = (
    "row",
    "N",
    "direction",
    "contestant",
    "threads",
    "ms",
    "±",
    "GFLOP/s",
    "x below",
    "x PyTorch",
    "x 1 thread",
    "of products",
    "of memory",
)


def _times(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _cells(figure: Figure) -> list[str]:
    return [
        figure.row,
        str(figure.histories),
        figure.direction,
        figure.contestant,
        str(figure.threads),
        f"{figure.seconds * 1e3:.3f}",
        f"{figure.spread:.0%}",
        f"{figure.gigaflops:.1f}",
        _times(figure.over_below),
        _times(figure.over_peer),
        _times(figure.over_one_thread),
        f"{figure.product_share:.0%}",
        f"{figure.bandwidth_share:.0%}",
    ]


def text_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in aligned columns, numbers to the right."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    left = {0, 2, 3}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    rule = ["---"] * len(headings)
    return "\n".join("| " + " | ".join(line) + " |" for line in [headings, rule, *rows])


def ladder_table(figures: Iterable[Figure], family: str, *, markdown: bool = False) -> str:
    """Return the table of one ladder."""
    rows = [_cells(figure) for figure in figures if figure.family == family]
    return (markdown_table if markdown else text_table)(HEADINGS, rows)


def limits_text(limits: Iterable[Limits]) -> str:
    """Say what the machine reached."""
    lines = []
    for limit in limits:
        products = ", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in limit.products.items())
        plural = "thread" if limit.threads == 1 else "threads"
        lines.append(
            f"{limit.threads} {plural}: matrix products in GFLOP/s: {products}; "
            f"memory {limit.bandwidth / 1e9:.1f} GB/s"
        )
    return "\n".join(lines)


def write_between_markers(path: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- end name -->` in a file.

    Raises
    ------
    ValueError
        When the file has no such markers.
    """
    content = path.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end {re.escape(name)} -->)", re.DOTALL)
    if not pattern.search(content):
        raise ValueError(f"{path} has no markers for {name}")
    replaced = pattern.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", content)
    path.write_text(replaced, encoding="utf-8")
