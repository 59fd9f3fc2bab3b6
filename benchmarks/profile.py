"""Where the time of a row goes: `python -m benchmarks.profile NAME`, or `make profile NAME=...`.

Prints the hottest functions of the row's top rung, and the inner loop of the hottest compiled one, each
instruction with its share.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.assembly import annotated
from benchmarks.machine_code import Function, function_at, read_functions
from benchmarks.row import Row
from benchmarks.rows import rows_by_family
from benchmarks.samples import CODE, Samples, by_callgrind, by_perf

HOTTEST = 8
PACKAGES = {"perf": "linux-perf", "valgrind": "valgrind", "objdump": "binutils"}
"""Debian's packages of the programs."""


def find_rows(words: Sequence[str]) -> list[tuple[Row, int]]:
    """Return the rows whose family and title have all words, and their numbers in the family."""
    found = []
    for rows in rows_by_family().values():
        for number, row in enumerate(rows):
            name = f"{row.family} {row.title} {row.histories}".lower()
            if all(word.lower() in name for word in words):
                found.append((row, number))
    return found


def choose_tool(wanted: str | None) -> str:
    """Return perf or callgrind: the one that is asked for, or one that is installed.

    Raises
    ------
    ValueError
        When it is not installed; says in which package it is.
    """
    programs = {"perf": "perf", "callgrind": "valgrind"}
    tools = [wanted] if wanted else list(programs)
    tool = next((each for each in tools if shutil.which(programs[each])), None)
    missing = [] if tool else [programs[each] for each in tools]
    if shutil.which("objdump") is None:
        missing.append("objdump")
    if tool is None or missing:
        packages = " ".join(PACKAGES[each] for each in missing)
        raise ValueError(f"not installed: {', '.join(missing)} (Debian: apt-get install {packages})")
    return tool


def shares(samples: Samples, functions: Sequence[Function]) -> Counter[str]:
    """Return the counts by function."""
    found: Counter[str] = Counter()
    for address, count in samples.counts.items():
        function = function_at(functions, address)
        found[function.name if function else samples.names[address]] += count
    return found


def hottest(samples: Samples, functions: Sequence[Function]) -> Function | None:
    """Return the compiled function with the most counts; two may have one name."""
    found: Counter[Function] = Counter()
    for address, count in samples.counts.items():
        if function := function_at(functions, address):
            found[function] += count
    return found.most_common(1)[0][0] if found else None


def describe(samples: Samples, functions: Sequence[Function], unit: str) -> str:
    """Return the table of the hottest functions, and the inner loop of the hottest compiled one."""
    total = sum(samples.counts.values())
    lines = [f"{total:,} {unit}"]
    lines += [f"{n / total:7.1%}  {name}" for name, n in shares(samples, functions).most_common(HOTTEST)]
    function = hottest(samples, functions)
    return "\n".join([*lines, "", annotated(function, samples.counts) if function else "no compiled code"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Profile a row and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("name", nargs="+", help="words of the row's family, title and histories")
    parser.add_argument("--direction", help="forward, backward or another that the row has (its last)")
    parser.add_argument("--tool", choices=("perf", "callgrind"), help="perf where it is installed")
    parser.add_argument("--seconds", type=float, default=5, help="how long perf looks")
    options = parser.parse_args(arguments)
    rows = find_rows(options.name)
    if not rows:
        parser.error(f"no row has {' '.join(options.name)!r}; `python -m benchmarks --list` names all")
    row, number = rows[0]
    direction = options.direction or row.directions[-1]
    if direction not in row.directions:
        parser.error(f"{row.family} {row.title} has {', '.join(row.directions)}, not {direction}")
    try:
        tool = choose_tool(options.tool)
    except ValueError as error:
        parser.error(str(error))
    print(f"{row.family} {row.title}, {row.histories} histories, {direction}, by {tool}", flush=True)
    for other, _ in rows[1:]:
        print(f"(not {other.family} {other.title}, {other.histories} histories)", flush=True)
    chosen = [row.family, str(number), direction]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            perf = tool == "perf"
            samples = by_perf(chosen, folder, options.seconds) if perf else by_callgrind(chosen, folder)
        except subprocess.CalledProcessError as error:
            parser.error(f"{error.cmd[0]} failed with {error.returncode}")
        unit = "samples" if tool == "perf" else "instructions"
        print(describe(samples, read_functions(folder / CODE), unit))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
