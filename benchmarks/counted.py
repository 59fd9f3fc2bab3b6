"""What runs under valgrind for the performance guard: every case forwards and backwards, counted separately.

Run without valgrind it only compiles the kernels, so that they need not be compiled under it.
"""

from __future__ import annotations

from benchmarks.guard_cases import all_cases
from benchmarks.valgrind_requests import START, STOP, WRITE, request

CALLS = 3


def main() -> None:
    """Run all cases on the top rung."""
    for case in all_cases():
        for direction, call in case.calls("o2").items():
            for _ in range(CALLS):
                request(START)
                call()
                request(STOP)
                request(WRITE, f"{case.name} {direction}")


if __name__ == "__main__":
    main()
