"""The tables of layers, losses and optimizers are complete, and name tests that exist."""

import re

import pytest

import networks
from networks.ladder import CONTAINERS, FAMILIES
from nn.activations import ACTIVATIONS
from nn.clipping import CLIPPINGS
from nn.losses import LOSSES
from nn.optimizers import OPTIMIZERS
from nn.regularizers import REGULARIZERS
from nn.schedules import SCHEDULES
from tests.support.places import ROOT

TEXT = (ROOT / "docs" / "layers.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith("| `")]
NAMES = [name for row in ROWS for name in re.findall(r"`(\w+)`", row[0])]
TABLES = {
    "networks": {**FAMILIES, **CONTAINERS},
    "activations": ACTIVATIONS,
    "losses": LOSSES,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "regularizers": REGULARIZERS,
    "clippings": CLIPPINGS,
}


@pytest.mark.parametrize("table", TABLES)
def test_everything_there_is_has_a_row(table):
    assert set(TABLES[table]) - set(NAMES) == set()


def test_every_row_is_of_something_that_is_there():
    known = {name for table in TABLES.values() for name in table} | {"Race"}
    assert set(NAMES) - known == set()


@pytest.mark.parametrize("test", sorted({row[-1].strip("`") for row in ROWS}))
def test_every_test_that_is_named_exists(test):
    path, _, name = test.partition("::")
    assert (ROOT / path).is_file(), path
    assert not name or f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_every_network_of_a_row_is_on_the_face():
    fastest = {family: kinds.rungs["o2"] for family, kinds in FAMILIES.items()} | CONTAINERS
    section = TEXT[TEXT.index("## Networks") : TEXT.index("## Activations")]
    rows = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` ", section, re.MULTILINE))
    assert {family: getattr(networks, name) for family, name in rows.items()} == fastest
    assert set(rows.values()) <= set(networks.__all__)


def test_what_was_found_in_other_libraries_is_held_by_tests():
    text = (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert named
    for path, name in named:
        assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8"), name
