"""Parallel kernels do not write to fields of named tuples: Numba loses such writes without a word.

A function that is put inside a parallel one counts as part of it; one that is called does not.
"""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.places import ROOT

KERNELS = sorted((ROOT / "nn" / "kernels").rglob("*.py"))
Functions = dict[str, ast.FunctionDef]


def functions_of(source: str) -> Functions:
    return {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


def is_marked(function: ast.FunctionDef, keyword: str) -> bool:
    return any(
        each.arg == keyword and bool(ast.literal_eval(each.value))
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        for each in decorator.keywords
    )


def called(function: ast.FunctionDef) -> set[str]:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {call.id for call in calls if isinstance(call, ast.Name)}


def with_what_is_inside(function: ast.FunctionDef, known: Functions) -> Iterator[ast.FunctionDef]:
    yield function
    for name in called(function):
        if name in known and is_marked(known[name], "inline"):
            yield from with_what_is_inside(known[name], known)


def writes_to_fields(function: ast.FunctionDef) -> Iterator[int]:
    """Yield the lines of `arrays.values[i] = ...` and `arrays.values[i] += ...`."""
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Attribute):
                yield node.lineno


def lost_writes(source: str, known: Functions) -> list[int]:
    """Return the lines of such writes in the parallel functions of a module."""
    parallel = [each for each in functions_of(source).values() if is_marked(each, "parallel")]
    return [
        line
        for function in parallel
        for part in with_what_is_inside(function, known)
        for line in writes_to_fields(part)
    ]


@cache
def all_functions() -> Functions:
    return {name: each for path in KERNELS for name, each in functions_of(path.read_text("utf-8")).items()}


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_write_is_lost(path):
    known = all_functions()
    source = path.read_text(encoding="utf-8")
    assert lost_writes(source, known | functions_of(source)) == []


def test_a_lost_write_is_found():
    inner = "@njit(inline='always')\ndef inner(a):\n    a.x[0] = 1\n"
    lost = (
        "@njit(parallel=True)\ndef kernel(a):\n    for i in prange(3):\n        a.x[i] += 1\n    inner(a)\n"
    )
    assert lost_writes(inner + lost, functions_of(inner + lost)) == [7, 3]
    called_only = (inner + lost).replace("inline='always'", "cache=True")
    assert lost_writes(called_only, functions_of(called_only)) == [7]
    assert lost_writes(inner, functions_of(inner)) == []
