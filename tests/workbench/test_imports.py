"""The workbench is for every application: it imports none, and its modules import each other in no circle."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import ROOT

APPLICATIONS = {"autoencoder", "experiments", "benchmarks", "tests", "findings"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted((ROOT / "workbench").rglob("*.py"))}


def statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield what runs when a module is imported; what is there for type checkers alone does not."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.stmt):
            yield node
            yield from statements(node)


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """Return the modules that statements import."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
    return found


@pytest.mark.parametrize("module", MODULES)
def test_it_imports_no_application(module):
    everything = imported(ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))))
    assert not {name.partition(".")[0] for name in everything} & APPLICATIONS


def test_no_module_imports_itself_by_way_of_others():
    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
    needs = {name: imported(statements(tree)) & MODULES.keys() for name, tree in trees.items()}
    while free := [name for name, others in needs.items() if not others & needs.keys()]:
        for name in free:
            del needs[name]
    assert not needs
