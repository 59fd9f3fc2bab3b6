"""The performance guard: has a kernel become slower? `python -m benchmarks.guard`, or `make guard`.

Times vary on a machine that others use too; counts of instructions do not. Callgrind counts those of one
call of every case on the top rung, compiled for the same processor everywhere, and they are compared with
the record in `guard.json`. Where the record is of other versions, or valgrind is missing, the guard says so
and races the top rung against the plain one in one process instead: it must be ahead by a good part of what
was recorded.

What it cannot see: instructions that became slower, such as a vector load that now misses the cache. For
those there is `make bench`.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import valgrind

RECORD = Path(__file__).with_name("guard.json")
MORE = 0.04
"""Largest relative increase of instructions over the record. Repeats differ by less than 0.01."""

PART_OF_RATIO = 0.5
"""Share of the recorded ratio to the plain rung that must remain: another machine may be busy."""

TURNS = 5


def count() -> dict[str, int]:
    """Return the instructions of every case and direction: the fewest of some calls."""
    found: dict[str, list[int]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        valgrind.run_counted(["-m", "benchmarks.counted"], folder)
        for case, path in valgrind.parts(folder):
            found[case].append(valgrind.total(path))
    return {case: min(numbers) for case, numbers in found.items()}


def ratios() -> dict[str, float]:
    """Return how many times faster the top rung is than the plain one, on one thread."""
    from benchmarks.guard_cases import all_cases  # noqa: PLC0415 - Numba: not needed to count
    from benchmarks.measure import one_product_thread  # noqa: PLC0415
    from benchmarks.timing import Contestant, race  # noqa: PLC0415

    found = {}
    for case in all_cases():
        slow, fast = case.calls("plain"), case.calls("o2")
        for direction in slow:
            racers = [
                Contestant(name, calls[direction], around=one_product_thread)
                for name, calls in (("plain", slow), ("o2", fast))
            ]
            race(racers, TURNS)
            found[f"{case.name} {direction}"] = racers[0].median / racers[1].median
    return found


def versions() -> dict[str, str]:
    """Return everything that the number of instructions depends on."""
    packages = {name: version(name) for name in ("llvmlite", "numba", "numpy")}
    python = ".".join(platform.python_version_tuple()[:2])
    found = {"machine": platform.machine(), "python": python, **packages}
    return {**found, "valgrind": valgrind.version()} if valgrind.available() else found


def slower(counted: Mapping[str, int], recorded: Mapping[str, int]) -> list[str]:
    """Return a line for every case that takes too many instructions or is not in the record."""
    lines = []
    for case, number in counted.items():
        if case not in recorded:
            lines.append(f"{case}: is not in the record; add it with --record")
        elif number > (1 + MORE) * recorded[case]:
            more = number / recorded[case] - 1
            lines.append(f"{case}: {number:,} instructions, {more:+.1%} over the recorded {recorded[case]:,}")
    return lines


def behind(measured: Mapping[str, float], recorded: Mapping[str, float]) -> list[str]:
    """Return a line for every case in which the top rung has lost its lead over the plain one."""
    return [
        f"{case}: {ratio:.1f} times as fast as the plain rung, recorded {recorded[case]:.1f}"
        for case, ratio in measured.items()
        if case in recorded and ratio < PART_OF_RATIO * recorded[case]
    ]


def why_no_counts(record: Mapping[str, Any], here: Mapping[str, str]) -> str | None:
    """Say why instructions cannot be compared with the record; None where they can."""
    if "valgrind" not in here:
        return "valgrind is not installed (Debian: apt-get install valgrind)"
    others = [f"{k} {v}, here {here.get(k)}" for k, v in record["versions"].items() if here.get(k) != v]
    return f"the record is of another environment: {'; '.join(others)}" if others else None


def main() -> int:
    """Compare with the record, or write it; return 1 where something has become slower."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description=__doc__)
    parser.add_argument(
        "--record", action="store_true", help=f"write {RECORD.name} from what is measured now"
    )
    parser.add_argument("--ratios", action="store_true", help="race the rungs, and count no instructions")
    options = parser.parse_args()
    if options.record:
        content = {"versions": versions(), "instructions": count(), "ratios": ratios()}
        RECORD.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        return 0
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    reason = "asked to" if options.ratios else why_no_counts(record, versions())
    if reason:
        print(f"{reason}; racing the rungs instead")
        measured = ratios()
        lines, what = behind(measured, record["ratios"]), f"{len(measured)} ratios"
    else:
        counted = count()
        lines, what = slower(counted, record["instructions"]), f"{len(counted)} counts"
        for case, number in counted.items():
            print(f"{case:32} {number:12,}  {number / record['instructions'].get(case, number) - 1:+.2%}")
    print("\n".join(lines) or f"{what} are as recorded")
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main())
