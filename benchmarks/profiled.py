"""What runs under a profiler: the top rung of a row in one direction."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks.machine_code import write_functions
from benchmarks.rows import rows_by_family
from benchmarks.valgrind_requests import START, STOP, WRITE, request


def main() -> None:
    """Warm up, write where the code lies, and go on until killed, or make one call that valgrind counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("family")
    parser.add_argument("number", type=int)
    parser.add_argument("direction")
    parser.add_argument("code", type=Path)
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    row = rows_by_family()[options.family][options.number]
    top = row.rungs[-1]
    calls = row.enter([top]).rungs[top]
    call = calls[options.direction]
    for each in calls.values():
        each()
    request(STOP)
    write_functions(options.code)
    if options.once:
        request(START)
        call()
        request(STOP)
        request(WRITE, options.direction)
        return
    print("ready", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:  # otherwise it would go on forever where the profiler was killed
        call()


if __name__ == "__main__":
    main()
