"""Parallel kernels avoid what Numba 0.68 silently computes differently in parallel functions.

In a `prange` loop, writes through a named tuple that is read there are lost, and so are new values of names
from before the loop, such as a flag or the place of a maximum. `np.max` and `np.min` skip NaN. The counter
of the loop is unsigned: differences of such numbers are never negative. A function that is inlined into a
parallel one counts as part of it; one that is called does not, but gets the unsigned counter.
`findings/numba_parallel_loops.sh` shows each of these.
"""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain

import pytest

from tests.support.places import ROOT

KERNELS = sorted((ROOT / "nn" / "kernels").rglob("*.py"))
SKIPPING_NAN = {"max", "min", "amax", "amin"}
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


def walk(nodes: list[ast.stmt], kind: type[ast.AST]) -> Iterator:
    return (node for each in nodes for node in ast.walk(each) if isinstance(node, kind))


def calls(nodes: list[ast.stmt]) -> Iterator[ast.Call]:
    return (call for call in walk(nodes, ast.Call) if isinstance(call.func, ast.Name))


def with_what_is_inside(nodes: list[ast.stmt], known: Functions) -> Iterator[list[ast.stmt]]:
    """Yield statements, and those of inlined functions."""
    yield nodes
    for call in calls(nodes):
        if call.func.id in known and is_marked(known[call.func.id], "inline"):
            yield from with_what_is_inside(known[call.func.id].body, known)


def parallel_loops(function: ast.FunctionDef) -> list[ast.For]:
    return [
        loop
        for loop in walk(function.body, ast.For)
        if isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) == "prange"
    ]


def targets_of(statement: ast.stmt) -> list[ast.expr]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [each for target in targets for each in getattr(target, "elts", [target])]


def bound(nodes: list[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Yield the names that are assigned in statements, and the lines; not `total += 1`, a reduction."""
    for statement in chain(walk(nodes, ast.Assign), walk(nodes, ast.AnnAssign), walk(nodes, ast.For)):
        for target in targets_of(statement):
            if isinstance(target, ast.Name):
                yield target.id, statement.lineno


def reads_a_field(value: ast.expr, target: ast.expr) -> bool:
    """Whether `o = p.out`, or `o, s = p.out, p.source`, or `o, s = p`, takes a field out of a tuple."""
    if isinstance(value, ast.Tuple):
        return any(isinstance(each, ast.Attribute) for each in value.elts)
    return isinstance(value, ast.Attribute) or (isinstance(value, ast.Name) and isinstance(target, ast.Tuple))


def lost_writes(function: ast.FunctionDef, known: Functions) -> Iterator[int]:
    """Yield the lines of `p.out[i] = ...`, and of `o[i] = ...` with an `o` that was read in the loop."""
    for nodes in with_what_is_inside(function.body, known):
        yield from (node.lineno for target, node in stores(nodes) if isinstance(target.value, ast.Attribute))
    for loop in parallel_loops(function):
        for nodes in with_what_is_inside(loop.body, known):
            read = {
                name.id
                for each in walk(nodes, ast.Assign)
                for target in each.targets
                if reads_a_field(each.value, target)
                for name in ast.walk(target)
                if isinstance(name, ast.Name)
            }
            for target, node in stores(nodes):
                if isinstance(target.value, ast.Name) and target.value.id in read:
                    yield node.lineno


def stores(nodes: list[ast.stmt]) -> Iterator[tuple[ast.Subscript, ast.stmt]]:
    for node in chain(walk(nodes, ast.Assign), walk(nodes, ast.AugAssign)):
        yield from ((target, node) for target in targets_of(node) if isinstance(target, ast.Subscript))


def lost_names(function: ast.FunctionDef, known: Functions) -> Iterator[int]:
    """Yield the lines in a parallel loop that may assign a name from before the loop.

    A name that is assigned first in every iteration is private to it.
    """
    for loop in parallel_loops(function):
        arguments = {each.arg for each in function.args.args}
        before = {name for name, line in bound(function.body) if line < loop.lineno} | arguments
        always = [each for each in loop.body if isinstance(each, ast.Assign)]
        own = {name for each in always for name, _ in bound([each]) if name not in names_in(each.value)}
        yield from (line for name, line in bound(loop.body) if name in before - own)


def names_in(value: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}


def blind_extremes(function: ast.FunctionDef, known: Functions) -> Iterator[int]:
    """Yield the lines of `np.max(a)` and `a.max()`; `max(a, b)` of two numbers is not affected."""
    for nodes in with_what_is_inside(function.body, known):
        for call in walk(nodes, ast.Call):
            if isinstance(call.func, ast.Attribute) and call.func.attr in SKIPPING_NAN:
                yield call.lineno


def unsigned_differences(function: ast.FunctionDef, known: Functions) -> Iterator[int]:
    """Yield the lines at which a counter is negated, or two counters are subtracted."""
    counters = {loop.target.id for loop in parallel_loops(function)}
    yield from differences(function.body, counters, known)


def differences(nodes: list[ast.stmt], unsigned: set[str], known: Functions) -> Iterator[int]:
    def is_unsigned(node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in unsigned

    for node in walk(nodes, ast.UnaryOp):
        if isinstance(node.op, ast.USub) and is_unsigned(node.operand):
            yield node.lineno
    for node in walk(nodes, ast.BinOp):
        if isinstance(node.op, ast.Sub) and is_unsigned(node.left) and is_unsigned(node.right):
            yield node.lineno
    for call in calls(nodes):
        callee = known.get(call.func.id)
        if callee:
            names = [each.arg for each in callee.args.args]
            taken = {name for name, each in zip(names, call.args, strict=False) if is_unsigned(each)}
            if taken:
                yield from differences(callee.body, taken, known)


HAZARDS = [lost_writes, lost_names, blind_extremes, unsigned_differences]
Hazard = Callable[[ast.FunctionDef, Functions], Iterator[int]]


def found(source: str, hazard: Hazard, known: Functions) -> list[int]:
    known = known | functions_of(source)
    parallel = [each for each in functions_of(source).values() if is_marked(each, "parallel")]
    return [line for function in parallel for line in hazard(function, known)]


@cache
def all_functions() -> Functions:
    return {name: each for path in KERNELS for name, each in functions_of(path.read_text("utf-8")).items()}


@pytest.mark.parametrize("hazard", HAZARDS)
@pytest.mark.parametrize("path", KERNELS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_parallel_kernel_keeps_clear_of(path, hazard):
    assert found(path.read_text(encoding="utf-8"), hazard, all_functions()) == []


LOOP = "@kernel(parallel=True)\ndef f(p, a, n):\n    best = 0\n    out = p.out\n    for i in prange(n):\n"
INSIDE = "@kernel(inline=True)\ndef inner(p, i):\n    o = p.out\n    o[i] = 1\n"


@pytest.mark.parametrize(
    ("hazard", "body"),
    [
        (lost_writes, "p.out[i] = 1"),
        (lost_writes, "p.out[i] += 1"),
        (lost_writes, "o = p.out\n        o[i] = 1"),
        (lost_writes, "o, s = p.out, p.source\n        o[i] += s[i]"),
        (lost_writes, "o, s = p\n        o[i] = s[i]"),
        (lost_writes, "inner(p, i)"),
        (lost_names, "if a[i] > 3:\n            best = i"),
        (lost_names, "best = True if a[i] > 3 else best"),
        (lost_names, "for j in range(2):\n            best = max(best, a[j])"),
        (blind_extremes, "out[i] = np.max(a)"),
        (blind_extremes, "out[i] = a[i].min()"),
        (unsigned_differences, "out[i] = -i"),
        (unsigned_differences, "for k in prange(n):\n            out[i] = i - k"),
        (unsigned_differences, "negated(i)"),
    ],
)
def test_what_parallel_functions_get_wrong_is_found(hazard, body):
    callee = "@kernel\ndef negated(i):\n    return -i\n"
    assert found(INSIDE + callee + LOOP + f"        {body}\n", hazard, {})


@pytest.mark.parametrize("hazard", HAZARDS)
@pytest.mark.parametrize(
    "body",
    [
        "out[i] = 1",
        "out[i] = i - 3",
        "o = a[i]\n        o[0] = 1",
        "called(p, i)",
        "out[i] = max(a[i], 1)",
        "best += 1",
        "best, first = i, 0",
        "first = i * n\n        out[first] = 1",
    ],
)
def test_what_they_do_as_written_is_left_alone(hazard, body):
    callee = INSIDE.replace("(inline=True)", "").replace("inner", "called")
    assert found(callee + LOOP + f"        {body}\n", hazard, {}) == []
