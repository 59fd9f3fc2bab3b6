"""Modules are joined in the order in which they need each other, and what cannot be joined is refused."""

import re

import pytest

from workbench.replay_page.scripts import ScriptError, join_modules, read_module

MODULES = {
    "/a.js": 'import { double, two as other } from "/b.js";\nimport { two } from "/c.js";\nlog(double(two));',
    "/b.js": 'import { two } from "/c.js";\n\nexport { two };',
    "/c.js": "export const two = 2;",
}


def joined(entry: str, **modules: str) -> str:
    return join_modules(entry, lambda address: modules[address])


def test_what_is_needed_comes_first() -> None:
    modules = {
        **MODULES,
        "/b.js": "export function double(number) {\n  return 2 * number;\n}\nexport class two {}",
    }
    script = joined("/a.js", **modules)
    places = [script.index(text) for text in ("const two = 2;", "function double", "log(")]
    assert "const { double, two: other }" in script
    assert "return { double, two };" in script
    assert places.index(max(places)) == 2
    assert script.count("const two = 2;") == 1


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("export { two };", "export { two };"),
        ("export default 2;", "export default 2;"),
        ('import two from "/c.js";', "import two from"),
        ('import * as all from "/c.js";', "import * as all"),
        ("export let two = 2;", "export let two"),
        ('export * from "/c.js";', "export * from"),
    ],
)
def test_other_forms_are_refused_by_name(source: str, named: str) -> None:
    with pytest.raises(ScriptError) as caught:
        joined("/a.js", **{"/a.js": source, "/c.js": ""})
    assert str(caught.value).startswith("/a.js: cannot be joined to other modules: " + named)


def test_a_circle_is_refused() -> None:
    one, other = ('import { a } from "/b.js";', 'import { b } from "/a.js";')
    with pytest.raises(ScriptError, match=r"/a\.js imports /b\.js imports /a\.js: a circle"):
        joined("/a.js", **{"/a.js": one, "/b.js": other})


def test_the_page_has_the_scripts_of_the_live_page() -> None:
    script = join_modules("/assets/replay/plain.js", read_module)
    for name in ("network_canvas", "network_draw", "network_words", "images"):
        source = read_module(f"/assets/{name}.js")
        lines = [line for line in source.splitlines() if not re.match(r" *(/?\*|//|import )", line)]
        assert [
            line.removeprefix("export ") for line in lines if line.removeprefix("export ") not in script
        ] == []
    assert "WebSocket" not in script


def test_no_other_place_is_read() -> None:
    with pytest.raises(ScriptError, match="/etc/passwd: in none of"):
        read_module("/etc/passwd")
