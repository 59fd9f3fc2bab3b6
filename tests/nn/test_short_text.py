"""Values from outside in messages: short, however large or deep they are."""

import pytest

from nn.short_text import join_names, short_repr, shorten


@pytest.mark.parametrize("value", [None, True, 3, 0.5, "red", [1, 2], {"a": 1}, (1, 2.5)])
def test_what_is_short_is_shown_as_it_is(value):
    assert short_repr(value) == repr(value)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", ["x" * 10**6, 10**4000, [1] * 10**5, nested(10**5), {"a" * 1000: nested(500)}]
)
def test_what_is_long_is_cut(value):
    assert len(short_repr(value)) < 200
    assert "..." in short_repr(value)


def test_names_are_listed_up_to_ten():
    assert join_names([]) == "none"
    assert join_names(["a", 3]) == "a, 3"
    assert join_names(map(str, range(1200))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1,190 more"
    assert len(join_names(["x" * 1000])) < 100


def test_a_message_keeps_its_ends():
    assert shorten("short") == "short"
    assert shorten("b" * 100 + "e" * 100, 10) == "bbbbb ... eeeee"
