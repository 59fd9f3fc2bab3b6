"""Names, shapes and places in a flat array."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.named_shapes import NamedShapes, entry_name

LAYER = NamedShapes({"weights": (3, 4), "biases": (3,)})


@given(st.lists(st.lists(st.integers(0, 4), max_size=3).map(tuple), min_size=1, max_size=4))
def test_every_position_has_the_name_that_finds_it(shapes):
    named = NamedShapes({f"array{number}": shape for number, shape in enumerate(shapes)})
    numbers = np.arange(named.size)
    for position in numbers:
        name, _, index = named.name_of(position).rstrip("]").partition("[")
        entry = tuple(int(part) for part in index.split(", ") if part)
        assert numbers[named.slice_of(name)].reshape(named.shapes[name])[entry] == position


@pytest.mark.parametrize("position", [-1, 15])
def test_positions_outside_are_refused(position):
    with pytest.raises(IndexError, match=f"no parameter {position} among 15"):
        LAYER.name_of(position)


def test_a_name_that_is_not_there_is_told_from_those_which_are():
    with pytest.raises(KeyError, match=r"no parameters called 'weight'; there are "):
        LAYER.slice_of("weight")


def test_entry_name_counts_through_the_last_axis_first():
    assert entry_name("weights", (3, 4), 6) == "weights[1, 2]"


def test_arrays_without_a_number_begin_nowhere():
    named = NamedShapes({"none": (0, 4), "weights": (2, 2), "also_none": (0,), "biases": (2,)})
    assert named.starts == {"weights": 0, "biases": 4}


def test_a_prefix_names_an_array_or_a_network_and_never_part_of_a_name():
    named = NamedShapes({"code.weights": (1,), "code.biases": (1,), "codes.weights": (1,)})
    assert named.under("code") == {"weights": "code.weights", "biases": "code.biases"}
    assert named.under("code.biases") == {"": "code.biases"}
    assert named.matching("") == named.names
    with pytest.raises(ValueError, match=r"no parameters called 'cod'; there are code\.weights, "):
        named.matching("cod")
