"""Figures as tables: in the documents, in the README, in the headers of rungs, and on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.figures import DENSE_LAYER, SINGLE, Direction, Figure, Measured, MeasuredRow, Timing, figure
from benchmarks.machine import Limits
from benchmarks.onnx_peer import RUNTIME
from benchmarks.sparselab_peer import SPARSELAB
from benchmarks.torch_peer import COMPILED, EAGER, HALVES
from networks import RUNGS
from workbench.tables import markdown_table, text_table

OTHERS = ("plain", "below", "1 thread", "PyTorch", "compiled", "JAX")
IN_HALVES = (SINGLE, "1 thread", "PyTorch", HALVES)
"""Whom rows in bfloat16 are compared with."""
IN_USE = ("1 thread", RUNTIME)
"""Whom answers alone are compared with."""
BESIDE_SPARSE = ("1 thread", DENSE_LAYER, SPARSELAB)
"""Whom sparse layers are compared with."""

MEANING = ("GFLOP/s", "of products", "of memory", "bytes a connection")
SUMMARY = ("row", "", "ms", "x PyTorch", "x compiled", "x JAX", "of the limit")
HEADER = ("row", "N", "direction", "ms", "x plain", "x below", "x PyTorch", "of the limit")
NOT_COMPILED = "does not run"
LEFT = (0, 2, 3)
"""Columns of words, in tables for a terminal."""

ORDER = (*RUNGS, SINGLE, EAGER, f"{EAGER}, channels last", f"{EAGER}, fused", HALVES, COMPILED, "JAX")


def family_tables(measured: Measured) -> str:
    """Return both tables of a family in Markdown, and when and where they were measured."""
    remark = f"{measured.environment}."
    return "\n\n".join([markdown_table(*times(measured)), markdown_table(*meaning(measured)), remark])


def times(measured: Measured) -> tuple[list[str], list[list[str]]]:
    """Return headings and lines of the milliseconds of all contestants."""
    columns = _contestants(measured)
    headings = ["ms", "N", "direction", *(_heading(*column) for column in columns)]
    lines = [
        [row.title, _histories(row), direction.name, *(_time(row, direction, *each) for each in columns)]
        for row in measured.rows
        for direction in row.directions
    ]
    return headings, lines


def meaning(measured: Measured) -> tuple[list[str], list[list[str]]]:
    """Return headings and lines of the figures derived from the fastest rung's times."""
    others = next((each for name, each in SPECIAL.items() if _takes_part(measured, name)), OTHERS)
    headings = ["fastest rung", "direction", *(f"x {other}" for other in others), *MEANING]
    lines = []
    for row in measured.rows:
        for direction in row.directions:
            found = figure(measured, row, direction, row.top)
            lines.append([row.title, direction.name, *_ratios(found, others), *_shares(found), _memory(row)])
    return headings, lines


def summary_table(families: Mapping[str, Measured]) -> str:
    """Return the table of all headlines in Markdown."""
    lines: dict[tuple[str, str], list[list[str]]] = {}
    for measured, row, direction in headlines(families):
        found = figure(measured, row, direction, row.top)
        ratios = [_times(found.over.get(other)) for other in ("PyTorch", "compiled", "JAX")]
        cells = [direction.name, _milliseconds(found.timing), *ratios, _limit(found)]
        lines.setdefault((measured.family, row.title), []).append(cells)
    return markdown_table(SUMMARY, [[_title(*place), *_joined(each)] for place, each in lines.items()])


def _title(family: str, title: str) -> str:
    return f"{family.replace('_', ' ')}: {title}"


def _joined(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of several directions as one."""
    return [", ".join(filter(None, cells)) for cells in zip(*lines, strict=True)]


def headlines(families: Mapping[str, Measured]) -> list[tuple[Measured, MeasuredRow, Direction]]:
    """Return the rows of the summary, in the order of the tables."""
    return [
        (measured, row, direction)
        for measured in families.values()
        for row in measured.rows
        for direction in row.directions
        if direction.name in row.headline
    ]


def header_table(families: Sequence[Measured], rung: str) -> str:
    """Return the table in the header of a rung, as text; "" if the rung did not take part."""
    lines = []
    for measured in families:
        for row in [row for row in measured.rows if rung in row.rungs]:
            for direction in row.directions:
                found = figure(measured, row, direction, rung)
                ratios = [_times(found.over.get(other)) for other in ("plain", "below", "PyTorch")]
                cells = [row.title, _histories(row), direction.name, _milliseconds(found.timing)]
                lines.append([*cells, *ratios, _limit(found)])
    return text_table([HEADER, *lines], (0, 2)) if lines else ""


def limits_table(limits: Iterable[Limits]) -> str:
    """Return the limits of the machine, in Markdown."""
    limits = list(limits)
    names = list(dict.fromkeys(name for limit in limits for name in limit.products))
    lines = [
        [
            str(limit.threads),
            *(f"{limit.products[name] / 1e9:.0f}" if name in limit.products else "" for name in names),
            f"{limit.bandwidth / 1e9:.1f}",
        ]
        for limit in limits
    ]
    return markdown_table(["threads", *(f"{name}, GFLOP/s" for name in names), "memory, GB/s"], lines)


def _contestants(measured: Measured) -> list[tuple[str, int]]:
    """Return name and threads of every contestant of a family: rungs first, then peers."""
    timings = [each for row in measured.rows for direction in row.directions for each in direction.timings]
    rungs = {name for row in measured.rows for name in row.rungs}
    absent = [(name, max(each.threads for each in timings)) for row in measured.rows for name in row.absent]
    found = dict.fromkeys([*((each.contestant, each.threads) for each in timings), *absent])
    ranks = {name: place for place, name in enumerate(ORDER)}
    return sorted(found, key=lambda each: (each[0] not in rungs, ranks.get(each[0], len(ORDER)), each[1]))


def _heading(contestant: str, threads: int) -> str:
    return f"{contestant}, {threads} threads" if contestant == "o2" and threads > 1 else contestant


def _time(row: MeasuredRow, direction: Direction, contestant: str, threads: int) -> str:
    timing = direction.find(contestant, threads)
    if timing is None:
        return NOT_COMPILED if contestant in row.absent else ""
    return f"{_milliseconds(timing)} ± {timing.spread / timing.median:.0%}"


def _milliseconds(timing: Timing) -> str:
    """Return milliseconds with three digits, or as many as there are before the point."""
    number = timing.median * 1e3
    decimals = max(0, 2 - len(str(int(number))) + 1) if number >= 1 else 3
    return f"{number:,.{decimals}f}"


SPECIAL = {SINGLE: IN_HALVES, RUNTIME: IN_USE, DENSE_LAYER: BESIDE_SPARSE}
"""Whom the rows of a table are compared with where somebody takes part in it."""


def _takes_part(measured: Measured, contestant: str) -> bool:
    return any(direction.find(contestant) for row in measured.rows for direction in row.directions)


def _ratios(found: Figure, others: Iterable[str]) -> list[str]:
    return [_times(found.over.get(other)) for other in others]


def _times(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}" if number < 100 else f"{number:.0f}"


def _shares(found: Figure) -> list[str]:
    rate = "" if found.gigaflops is None else f"{found.gigaflops:.1f}"
    product = "" if found.product_share is None else f"{found.product_share:.0%}"
    return [rate, product, f"{found.bandwidth_share:.0%}"]


def _limit(found: Figure) -> str:
    share, name = found.limit
    return f"{share:.0%} {name}"


def _memory(row: MeasuredRow) -> str:
    """Return the bytes beside the histories, and those of the histories."""
    if not row.connections:
        return ""
    beside, histories = (number / row.connections for number in (row.bytes_beside, row.bytes_histories))
    return f"{beside:.1f} + {histories:.1f}" if histories else f"{beside:.1f}"


def _histories(row: MeasuredRow) -> str:
    return str(row.histories) if row.histories else ""
