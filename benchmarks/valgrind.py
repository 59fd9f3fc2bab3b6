"""Running a module of Python under callgrind, for a processor that valgrind supports.

Valgrind has no AVX-512: Numba is told to compile for a processor with AVX2, into a folder of its own, and
the module is run once without valgrind first, because compiling under it would take half an hour. One
thread, and the same hashes every time: then counts repeat to within some thousand instructions.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = ROOT / "build" / "valgrind"

PROCESSOR = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+popcnt,+sse4.2",
    "NUMBA_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
PART = re.compile(r"^desc: Trigger: Client Request: (.+)$", re.MULTILINE)
TOTAL = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def available() -> bool:
    """Whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def version() -> str:
    """Return valgrind's version."""
    done = subprocess.run(["valgrind", "--version"], check=True, capture_output=True, text=True)
    return done.stdout.strip().removeprefix("valgrind-")


def run_counted(arguments: Sequence[str], folder: Path, options: Sequence[str] = ()) -> None:
    """Run Python with arguments, without valgrind and then under it; parts are written to `folder`.

    Raises
    ------
    subprocess.CalledProcessError
        When one of the runs fails.
    """
    environment: Mapping[str, str] = {
        **os.environ,
        **PROCESSOR,
        "NUMBA_CACHE_DIR": str(CACHE),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, *arguments]
    callgrind = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", *options]
    for before in ([], [*callgrind, f"--callgrind-out-file={folder / 'counts'}"]):
        subprocess.run(
            [*before, *command], env=environment, cwd=folder, check=True, stderr=subprocess.DEVNULL
        )


def parts(folder: Path) -> list[tuple[str, Path]]:
    """Return the names and files of what a module asked to be written, in order."""
    files = sorted(folder.glob("counts.*"), key=lambda path: int(path.suffix[1:]))
    named = [(PART.search(path.read_text(encoding="utf-8", errors="replace")), path) for path in files]
    return [(found[1], path) for found, path in named if found]


def total(path: Path) -> int:
    """Return the instructions of a part.

    Raises
    ------
    ValueError
        When the file has no total.
    """
    found = TOTAL.search(path.read_text(encoding="utf-8", errors="replace"))
    if found is None:
        raise ValueError(f"{path} has no total")
    return int(found[1])
