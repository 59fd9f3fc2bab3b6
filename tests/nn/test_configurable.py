"""Configurations of parts: defaults, kinds of fields, and errors that name owner and field."""

from collections.abc import Sequence

import pytest

from nn.configurable import Configurable, from_configuration


class Part(Configurable):
    name = "part"

    def __init__(
        self, size: int, share: float = 0.5, on: bool = False, word: str = "a", rest: Sequence[int] = ()
    ):
        self.size, self.share, self.on, self.word, self.rest = size, share, on, word, rest


class Whole(Configurable):
    name = "whole"

    def __init__(self, part: Part):
        self.part = part


TABLE = {kind.name: kind for kind in (Part, Whole)}


def test_every_argument_is_described_and_read_back():
    part = Part(3, share=1, rest=[1, 2])
    configuration = part.to_configuration()
    assert configuration == {"name": "part", "size": 3, "share": 1, "on": False, "word": "a", "rest": [1, 2]}
    assert from_configuration(TABLE, configuration, "thing").to_configuration() == configuration


def test_whole_numbers_become_floats_where_a_float_is_asked_for_and_defaults_are_filled_in():
    part = from_configuration(TABLE, {"name": "part", "size": 3, "share": 2}, "thing")
    assert type(part.share) is float
    assert part.word == "a"


def test_an_argument_may_be_an_object():
    assert from_configuration(TABLE, {"name": "whole", "part": Part(1)}, "thing").part.size == 1


def test_reading_leaves_the_configuration_as_it_is():
    configuration = {"name": "part", "size": 3}
    from_configuration(TABLE, configuration, "thing")
    assert configuration == {"name": "part", "size": 3}


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"size": 1}, "unknown thing None"),
        ("part", "thing 'part': a description is a dictionary such as"),
        (None, "thing None: a description is a dictionary"),
        ({"name": "prat"}, "unknown thing 'prat'; did you mean part"),
        ({"name": ["part"]}, "unknown thing"),
        ({"name": "part"}, "thing part: field size is missing"),
        ({"name": "part", "size": 1, "sise": 2, 7: 1}, "thing part: unknown field 7, sise"),
        ({"name": "part", "size": 1, 3: 2}, "unknown field 3"),
        ({"name": "part", "size": 1.0}, "thing part: field size is 1.0, not of type int"),
        ({"name": "part", "size": True}, "field size is True"),
        ({"name": "part", "size": None}, "field size is None"),
        ({"name": "part", "size": 1, "share": "0.5"}, "field share is '0.5', not of type float"),
        ({"name": "part", "size": 1, "on": 1}, "field on is 1, not of type bool"),
        ({"name": "part", "size": 1, "word": 1}, "field word is 1, not of type str"),
        ({"name": "whole", "part": {"name": "part"}}, "field part is .*, not of type Part"),
    ],
)
def test_what_does_not_fit_is_refused(configuration, message):
    with pytest.raises(ValueError, match=message):
        from_configuration(TABLE, configuration, "thing")
