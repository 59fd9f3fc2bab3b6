"""Compiled kernels are cached, never stale, and compiled every time where they cannot be cached."""

import ast
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nn.kernels.core import cache
from nn.kernels.core.compilation import kernel
from tests.support.places import ROOT

NN = ROOT / "nn"
KERNELS = sorted((NN / "kernels").rglob("*.py"))


def imported_names(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def closure(file: Path) -> set[Path]:
    """What a module imports from the package, directly or not, by Python's own parser."""
    found, left = {file}, [file]
    while left:
        for name in imported_names(left.pop()):
            place = NN.joinpath(*name.split(".")[1:])
            for path in (place.with_suffix(".py"), place / "__init__.py"):
                if name.split(".")[0] == "nn" and path.is_file() and path not in found:
                    found.add(path)
                    left.append(path)
    return found


@pytest.mark.parametrize("file", KERNELS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_kernel_is_keyed_by_all_that_its_module_imports(file):
    assert cache._with_imported(file) == closure(file)


def test_every_kernel_is_compiled_as_one_place_says():
    for file in NN.rglob("*.py"):
        if file.name != "compilation.py":
            assert "njit" not in file.read_text(encoding="utf-8"), file


PROGRAM = """
import numpy as np
from nn.kernels.core.activations import activate
from nn.activations import Tanh
values = np.full(16, 0.5, np.float32)
activate(Tanh.code, np.float32(0), values)
print(values[0], sum(activate.stats.cache_hits.values()))
"""


def run_program(folder: Path) -> tuple[float, int]:
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    run = [sys.executable, "-c", PROGRAM]
    result = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    value, hits = result.stdout.split()
    return float(value), int(hits)


def test_an_edited_callee_is_compiled_into_those_that_call_it(tmp_path):
    """As after an upgrade: the sources differ, and old compiled kernels are still there."""
    shutil.copytree(NN, tmp_path / "nn", ignore=shutil.ignore_patterns("__pycache__"))
    first, second = run_program(tmp_path), run_program(tmp_path)
    assert first == (pytest.approx(np.tanh(0.5)), 0)
    assert second == (first[0], 1)
    file = tmp_path / "nn" / "kernels" / "core" / "activations.py"
    source = file.read_text(encoding="utf-8")
    edited = source.replace("4.89352455891786e-03", "9.89352455891786e-03")
    assert edited != source
    stamp = file.stat()
    file.write_text(edited, encoding="utf-8")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    third, hits = run_program(tmp_path)
    assert third > first[0] * 1.5
    assert hits == 0


def doubled(values):
    for i in range(values.size):
        values[i] *= 2


def check_doubling(function) -> None:
    values = np.ones(3)
    function(values)
    np.testing.assert_array_equal(values, 2)


def first_of(pairs):
    return pairs[0].first


def test_a_tuple_whose_fields_were_moved_is_read_by_their_new_places(monkeypatch, tmp_path):
    """It may be declared in a module that the kernel's own does not import."""
    monkeypatch.setattr(cache, "_cache_folder", lambda beside: tmp_path)
    for fields in (["first", "second"], ["second", "first"]):
        kind = namedtuple("Pair", fields, module=__name__)
        monkeypatch.setattr(sys.modules[__name__], "Pair", kind, raising=False)
        assert kernel(first_of)((kind(first=1.0, second=2.0),)) == 1.0


def test_where_nothing_can_be_written_kernels_run_all_the_same(monkeypatch, caplog):
    cache._warn_once.cache_clear()
    monkeypatch.setattr(cache, "_cache_folder", lambda beside: None)
    for _ in range(2):
        check_doubling(kernel(doubled))
    assert len(caplog.messages) == 1
    assert "NUMBA_CACHE_DIR" in caplog.messages[0]


def test_a_full_disk_is_said_once(monkeypatch, tmp_path, caplog):
    cache._warn_once.cache_clear()
    monkeypatch.setattr(cache, "_cache_folder", lambda beside: tmp_path)

    def full(self, key, data):
        raise OSError(28, "No space left on device", str(tmp_path / "kernel.nbc"))

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    for _ in range(2):
        check_doubling(kernel(doubled))
    assert len(caplog.messages) == 1
    assert "No space left" in caplog.messages[0]


def test_a_damaged_file_is_compiled_anew(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "_cache_folder", lambda beside: tmp_path)
    check_doubling(kernel(doubled))
    files = [*tmp_path.iterdir()]
    assert len(files) == 2
    for file in files:
        file.write_bytes(file.read_bytes()[:-30] + b"rubbish")
    again = kernel(doubled)
    check_doubling(again)
    assert not again.stats.cache_hits


def test_settings_that_change_the_code_have_files_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "_cache_folder", lambda beside: tmp_path)
    check_doubling(kernel(doubled))
    monkeypatch.setattr(cache.config, "OPT", 1)
    other = kernel(doubled)
    check_doubling(other)
    assert not other.stats.cache_hits
    assert len([*tmp_path.iterdir()]) == 4


@pytest.mark.parametrize("choice", ["given", "beside", "user"])
def test_the_first_folder_that_can_be_written_is_taken(choice, monkeypatch, tmp_path):
    writable = {"given": "given", "beside": "sources", "user": "home"}[choice]
    monkeypatch.setattr(cache.config, "CACHE_DIR", str(tmp_path / "given"))
    monkeypatch.setattr(cache, "_is_writable", lambda folder: folder.is_relative_to(tmp_path / writable))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    cache._cache_folder.cache_clear()
    found = cache._cache_folder(tmp_path / "sources")
    cache._cache_folder.cache_clear()
    assert found is not None
    assert str(found).startswith(str(tmp_path / writable))
