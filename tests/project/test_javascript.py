"""The page's scripts import modules and names that exist: a browser refuses the whole page otherwise."""

import re

from tests.support.places import ROOT

SCRIPTS = [
    file
    for package in ("workbench", "autoencoder", "experiments")
    for file in sorted((ROOT / package).rglob("*.js"))
]
IMPORT = re.compile(r"import\s*\{([^}]*)\}\s*from\s*[\"']/assets/([^\"']+)[\"']")
EXPORTED = re.compile(r"export\s+(?:async\s+)?(?:function\*?|class|const|let)\s+(\w+)")
EXPORTED_TOGETHER = re.compile(r"export\s*\{([^}]*)\}")


def exported(source: str) -> set[str]:
    together = [name for names in EXPORTED_TOGETHER.findall(source) for name in names.split(",")]
    return {*EXPORTED.findall(source), *(name.split(" as ")[-1].strip() for name in together)}


def test_every_name_that_is_imported_is_exported():
    sources = {file.name: file.read_text(encoding="utf-8") for file in SCRIPTS}
    imports = [
        (name, place, each.split(" as ")[0].strip())
        for name, source in sources.items()
        for names, place in IMPORT.findall(source)
        for each in names.split(",")
        if each.strip()
    ]
    assert len(imports) > 50
    missing = [
        found for found in imports if found[2] not in exported(sources.get(found[1].rpartition("/")[2], ""))
    ]
    assert missing == []
