"""Parallel kernels do not write to fields of named tuples: Numba loses such writes without a word."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

KERNELS = sorted((Path(__file__).parent.parent / "nn" / "kernels").glob("*.py"))


def is_marked(function: ast.FunctionDef, keyword: str) -> bool:
    return any(
        each.arg == keyword and ast.literal_eval(each.value)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        for each in decorator.keywords
    )


def writes_to_fields(function: ast.FunctionDef) -> Iterator[int]:
    """Yield the lines of `arrays.values[i] = ...` and `arrays.values[i] += ...`."""
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Attribute):
                yield node.lineno


def dangerous(source: str) -> list[int]:
    """Return the lines of such writes in parallel functions, and in those that are put inside others."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    chosen = [each for each in functions if is_marked(each, "parallel") or is_marked(each, "inline")]
    return [line for function in chosen for line in writes_to_fields(function)]


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_no_write_is_lost(path):
    assert dangerous(path.read_text(encoding="utf-8")) == []


def test_a_lost_write_is_found():
    lost = "@njit(parallel=True)\ndef kernel(a):\n    for i in prange(3):\n        a.x[i] += 1\n"
    assert dangerous(lost) == [4]
    assert dangerous(lost.replace("parallel", "cache")) == []
    assert dangerous(lost.replace("parallel=True", "inline='always'")) == [4]
