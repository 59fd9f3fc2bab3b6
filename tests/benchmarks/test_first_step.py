"""The benchmark of the first step: what is timed, what an installation weighs, and the table of both."""

from pathlib import Path

import pytest

from benchmarks import first_step
from benchmarks.install_size import bytes_of, closure, own_requirements
from tests.support import patience


def test_seconds_run_until_a_line_is_printed(tmp_path: Path):
    arguments = ["-c", "import time; print('other'); print('done now', flush=True); time.sleep(3600)"]
    assert 0 < first_step.seconds_until(arguments, "done", tmp_path) < patience.SECONDS
    with pytest.raises(RuntimeError, match="without printing 'done'"):
        first_step.seconds_until(["-c", "print('other')"], "done", tmp_path)


def test_the_library_makes_its_step(tmp_path: Path):
    assert first_step.seconds_until(["-c", first_step.LIBRARY], first_step.DONE, first_step.CACHE) > 0


def test_requirements_of_requirements_count_and_extras_do_not():
    required = closure(own_requirements())
    assert {"numpy", "numba", "llvmlite", "pydantic-core"} <= required
    assert not {"torch", "pytest", "nicegui", "setuptools"} & required
    assert bytes_of("numpy") > 1_000_000


def test_tables_have_medians_and_leave_out_what_does_not_compile():
    cells = first_step.time_cells({"import numpy": [0.2, 0.1, 0.4], "step": [1.0]}, {"step": [12.0, 14.0]})
    assert cells == [["import numpy", "0.20", "0.10 to 0.40", ""], ["step", "1.00", "1.00 to 1.00", "13.0"]]


def test_each_kind_of_time_keeps_its_own_environment():
    first, second = (
        {"processor": "a", "threads": 2, "versions": {}, "commit": commit, "measured": "2026-01-02"}
        for commit in ("0123abc", "4567def")
    )
    same = first_step.environments({"cached": {"environment": first}, "cold": {"environment": first}})
    assert same == "a, 2 threads; ; measured 2026-01-02 at 0123abc."
    apart = first_step.environments({"cached": {"environment": first}, "cold": {"environment": second}})
    assert apart.startswith("Cached: ")
    assert apart.endswith("Nothing cached: a, 2 threads; ; measured 2026-01-02 at 4567def.")
