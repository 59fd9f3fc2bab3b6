"""Names and messages on one line, whatever they contain."""

import codecs
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import DataError
from nn.one_line import is_encodable, one_line, printable_name
from nn.snapshot import SnapshotError
from tests.support.odd_names import ODD_NAMES, file_name
from workbench.errors import InputError


def test_every_odd_name_is_written_as_it_should():
    assert {name: printable_name(file_name(name)) for name in ODD_NAMES} == ODD_NAMES


@given(st.binary(max_size=12))
def test_any_name_can_be_had_back(name):
    written = printable_name(file_name(name))
    assert len(written.splitlines()) <= 1
    assert is_encodable(written)
    back = re.sub(r"\\(x..|u....|.)", lambda found: unescaped(found[0]), written)
    assert back == file_name(name)


def unescaped(sequence):
    if sequence.startswith(r"\x"):
        code = int(sequence[2:], 16)
        return chr(code if code < 0x80 else 0xDC00 + code)
    return codecs.decode(sequence, "unicode_escape")


@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_any_text_becomes_a_line_that_can_be_written(text):
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    line.encode()
    assert one_line(line) == line


@pytest.mark.parametrize("kind", [DataError, InputError, SnapshotError])
def test_errors_are_one_line(kind):
    assert str(kind("a\nb\udcff\\c: bad")) == r"a\nb\xff\c: bad"
