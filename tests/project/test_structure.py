"""The floor plan, held: which package knows which, no circles, nothing private used from outside."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.longest_files import LONGEST
from tests.support.places import ROOT

ORDER = ["nn", "networks", "workbench", "autoencoder", "experiments", "benchmarks"]
"""Each package may import those before it."""

OUTSIDE = {
    "_ActionsContainer",  # argparse has no other name for what takes arguments
    "_SubParsersAction",
    "_asdict",  # of named tuples, whose own names must not begin like this
    "_cache",  # of Numba's dispatchers: how a kernel is kept is decided in one place
    "_defined_symbols",  # of Numba's compiler, which the profile reads
    "_engine",
    "_exit",  # of `os`: ends a process at once
    "_fields",
    "_final_module",  # of Numba's code libraries: what a compiled kernel calls
    "_getframe",  # of `sys`
    "_make",
    "_replace",
}
"""Names of other libraries that begin with an underscore and are used here."""

Class = ast.ClassDef


@cache
def modules() -> dict[str, ast.Module]:
    paths = [path for package in ORDER for path in sorted((ROOT / package).rglob("*.py"))]
    return {name_of(path.relative_to(ROOT).parts): ast.parse(path.read_text("utf-8")) for path in paths}


def name_of(parts: tuple[str, ...]) -> str:
    return ".".join(parts).removesuffix(".py").removesuffix(".__init__")


def is_for_types_alone(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def run_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield all statements, those in functions too, but not what is there for type checkers."""
    for node in body:
        if not is_for_types_alone(node):
            yield node
            for name in ("body", "orelse", "finalbody", "handlers"):
                yield from run_statements([each for each in getattr(node, name, []) if is_block(each)])


def is_block(node: ast.AST) -> bool:
    return isinstance(node, ast.stmt | ast.ExceptHandler)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in run_statements(tree.body):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                yield whole if whole in modules() else node.module


@cache
def graph() -> dict[str, set[str]]:
    """Which modules of this project each of them imports."""
    return {name: set(imported(tree)) & set(modules()) - {name} for name, tree in modules().items()}


def circle(imports: dict[str, set[str]]) -> list[str]:
    """Return modules that import each other in a circle; none where there is no circle."""
    left = {name: set(others) for name, others in imports.items()}
    while free := [name for name, others in left.items() if not others & set(left)]:
        for name in free:
            del left[name]
    return sorted(left)


def backwards(imports: dict[str, set[str]]) -> list[str]:
    def rank(name: str) -> int:
        return ORDER.index(name.partition(".")[0])

    return [
        f"{name} imports {other}"
        for name, others in imports.items()
        for other in sorted(others)
        if rank(other) > rank(name)
    ]


def test_no_package_imports_one_that_is_built_on_it():
    assert backwards(graph()) == []
    assert backwards({"nn.a": {"networks.b"}, "networks.b": set()}) == ["nn.a imports networks.b"]


def test_no_modules_import_each_other_in_a_circle():
    assert circle(graph()) == []
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


def test_ladders_are_all_there_is_with_a_suffix():
    for name in modules():
        if re.search(r"_o\d+$", name):
            assert re.fullmatch(r"networks\.\w+_o[12]", name), name
            assert re.sub(r"_o\d+$", "", name) in modules(), name


@cache
def classes() -> dict[str, list[Class]]:
    """Return the classes of each name."""
    found: dict[str, list[Class]] = {}
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, Class):
                found.setdefault(node.name, []).append(node)
    return found


def family_names(owner: Class) -> set[str]:
    """The names that a class has of its own, or from what it is built on, which may have its name."""
    seen, left = [owner], [owner]
    while left:
        bases = {ast.unparse(each).partition("[")[0].rpartition(".")[2] for each in left.pop().bases}
        new = [each for base in bases for each in classes().get(base, []) if each not in seen]
        seen += new
        left += new
    return set().union(*map(own_names, seen))


def own_names(owner: Class) -> set[str]:
    """The private names that a class defines, or uses of itself."""
    names = {each.name for each in owner.body if isinstance(each, ast.FunctionDef)}
    names |= {
        name.id
        for each in owner.body
        if isinstance(each, ast.Assign | ast.AnnAssign)
        for name in ast.walk(each)
        if isinstance(name, ast.Name)
    }
    return names | {each.attr for each in ast.walk(owner) if isinstance(each, ast.Attribute) and is_own(each)}


def is_own(attribute: ast.Attribute) -> bool:
    value = attribute.value
    return ast.unparse(value) in {"self", "cls", "super()"}


def used_from_outside(tree: ast.Module) -> Iterator[str]:
    """Yield `line: other._name` where no class around it has that name, nor another library."""
    owners = [(node, family_names(node)) for node in ast.walk(tree) if isinstance(node, Class)]
    within = {id(node): names for owner, names in owners for node in ast.walk(owner)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.match(r"_[a-zA-Z]", node.attr) and not is_own(node):
            known = within.get(id(node), set()) | OUTSIDE
            yield from [] if node.attr in known else [f"{node.lineno}: {ast.unparse(node)}"]


@pytest.mark.parametrize("package", ORDER)
def test_nothing_private_is_used_from_outside(package):
    found = {
        name: list(used_from_outside(tree))
        for name, tree in modules().items()
        if name.partition(".")[0] == package
    }
    assert {name: each for name, each in found.items() if each} == {}


def test_what_is_used_from_outside_is_found():
    source = (
        "class A:\n    def f(self, other):\n        return self._x + other._x + other._y + other._asdict()"
    )
    assert list(used_from_outside(ast.parse(source))) == ["3: other._y"]


def test_every_name_of_other_libraries_is_used():
    attributes = (each for tree in modules().values() for each in ast.walk(tree))
    used = {each.attr for each in attributes if isinstance(each, ast.Attribute)}
    assert used >= OUTSIDE


def parameters(function: ast.FunctionDef) -> list[str]:
    """Return the names of what a kernel takes; an instruction's first is Numba's own."""
    names = [each.arg for each in function.args.posonlyargs + function.args.args + function.args.kwonlyargs]
    return [name for name in names if name not in {"self", "typing_context"}]


def test_no_kernel_has_more_than_ten_parameters():
    functions = [
        (f"{module}.{node.name}", parameters(node))
        for module, tree in modules().items()
        if module.startswith("nn.kernels")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]
    assert len(functions) > 300
    assert {name: len(names) for name, names in functions if len(names) > 10} == {}


@cache
def bases() -> dict[str, list[str]]:
    """Return, for every class, those of this project that it is derived from, `module.Class`."""
    named = {
        f"{module}.{node.name}": (module, node)
        for module, tree in modules().items()
        for node in tree.body
        if isinstance(node, Class)
    }
    found: dict[str, list[str]] = {}
    for name, (module, node) in named.items():
        written = [ast.unparse(each).partition("[")[0] for each in node.bases]
        found[name] = [whole for each in written if (whole := whole_name(module, each)) in named]
    return found


def whole_name(module: str, written: str) -> str:
    """Return what a name refers to in a module, from its imports."""
    first, dot, rest = written.partition(".")
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.ImportFrom):
            for each in node.names:
                if first == (each.asname or each.name):
                    return f"{node.module}.{each.name}{dot}{rest}"
    return f"{module}.{written}"


def chain(name: str, derived: dict[str, list[str]]) -> list[str]:
    """Return the longest line of classes from one down to its first ancestor."""
    return [name, *max((chain(base, derived) for base in derived[name]), key=len, default=[])]


def test_no_class_stands_on_more_than_six_others_in_a_line():
    longest = max((chain(name, bases()) for name in bases()), key=len)
    assert len(longest) <= 7, " < ".join(longest)
    assert longest[-1] == "nn.deep_copied.DeepCopied"
    assert chain("a", {"a": ["b", "c"], "b": [], "c": ["b"]}) == ["a", "c", "b"]
    assert bases()["networks.gru_o2.GRU"] == [
        "networks.base.recurrent_tiles.TiledRecurrent",
        "networks.gru.GRU",
    ]


def is_rung(name: str) -> bool:
    return re.search(r"_o\d+\.", name) is not None


def test_what_a_rung_is_derived_from_is_the_plain_class_and_what_rungs_share():
    for name, others in bases().items():
        module = name.rpartition(".")[0]
        for other in others if is_rung(name) else []:
            plain = re.sub(r"_o\d+$", "", module)
            assert other.rpartition(".")[0] in (module, plain) or other.startswith("networks.base."), name


def test_the_files_that_run_first_exist():
    assert len(set(LONGEST)) == len(LONGEST)
    assert not [file for file in LONGEST if not (ROOT / file).is_file()]
