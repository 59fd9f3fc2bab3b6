"""Tables of texts: in aligned columns for a terminal, and in Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence


def text_table(rows: Iterable[Sequence[str]], left: Collection[int] = ()) -> str:
    """Return rows in columns as wide as their widest cell.

    Parameters
    ----------
    rows
        Equally long, at least one; the first are the headings, if any.
    left
        Columns that are aligned to the left; the others are to the right.
    """
    lines = list(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def markdown_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], left: Collection[int] | None = None
) -> str:
    """Return a table in Markdown.

    Parameters
    ----------
    headings, rows
        Equally long.
    left
        Columns that are aligned to the left, the others to the right; None where the page is to say it.
    """
    rule = ["---" if left is None or place in left else "---:" for place in range(len(headings))]
    return "\n".join(f"| {' | '.join(line)} |" for line in [headings, rule, *rows])
