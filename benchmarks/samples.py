"""Where a row spends its time: addresses counted by perf or by callgrind.

perf samples the processor's cycles, or its clock where cycle counters are missing: it falls back by itself.
callgrind counts every instruction on a processor with AVX2, on one thread; it does not count the time that
memory takes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import valgrind

FREQUENCY = 1999
"""Samples a second; not a round number, so as not to coincide with other periodic activity."""

SAMPLE = re.compile(r"^\s*([0-9a-f]+) (.*) \((.*)\)$")
COST = re.compile(r"^(0x[0-9a-f]+) \d+ (\d+)$")
CODE, COUNTS = "code.json", "samples.data"


class Samples(NamedTuple):
    """Counts by address, and what the tool calls the functions at those that are not compiled by Numba."""

    counts: Counter[int]
    names: dict[int, str]


def by_perf(row: Sequence[str], folder: Path, seconds: float) -> Samples:
    """Run a row again and again while perf samples it; the code is written to `folder / CODE`.

    Raises
    ------
    subprocess.CalledProcessError
        When perf lacks permission (see /proc/sys/kernel/perf_event_paranoid), or the row fails.
    """
    command = [sys.executable, "-m", "benchmarks.profiled", *row, str(folder / CODE)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=valgrind.ROOT
    ) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise subprocess.CalledProcessError(process.wait(), command)
        data = str(folder / COUNTS)
        record = ["perf", "record", "-q", "-F", str(FREQUENCY), "-p", str(process.pid), "-o", data]
        subprocess.run([*record, "--", "sleep", str(seconds)], check=True)
        process.kill()
    script = ["perf", "script", "-i", data, "-F", "ip,sym,dso"]
    done = subprocess.run(script, check=True, capture_output=True, text=True)
    return parse_perf(done.stdout.splitlines())


def parse_perf(lines: Iterable[str]) -> Samples:
    """Read what `perf script -F ip,sym,dso` prints."""
    counts: Counter[int] = Counter()
    names: dict[int, str] = {}
    for line in lines:
        if found := SAMPLE.match(line):
            address = int(found[1], 16)
            counts[address] += 1
            names[address] = f"{found[2]} ({Path(found[3]).name})"
    return Samples(counts, names)


def by_callgrind(row: Sequence[str], folder: Path) -> Samples:
    """Count the instructions of one call of a row; the code is written to `folder / CODE`.

    Raises
    ------
    subprocess.CalledProcessError
        When the row fails.
    """
    options = ["--dump-instr=yes", "--compress-pos=no", "--compress-strings=no"]
    arguments = ["-m", "benchmarks.profiled", *row, str(folder / CODE), "--once"]
    valgrind.run_counted(arguments, folder, options)
    (_, path), *_ = valgrind.parts(folder)
    with path.open(encoding="utf-8", errors="replace") as file:
        return parse_callgrind(file)


def parse_callgrind(lines: Iterable[str]) -> Samples:
    """Read a file of callgrind with uncompressed addresses and names; what a call cost is its callee's."""
    counts: Counter[int] = Counter()
    names: dict[int, str] = {}
    name, called = "", False
    for line in lines:
        if line.startswith("fn="):
            name = line[3:].strip()
        elif line.startswith("calls="):
            called = True
        elif found := COST.match(line.rstrip()):
            if not called:
                counts[int(found[1], 16)] += int(found[2])
                names[int(found[1], 16)] = name
            called = False
    return Samples(counts, names)
