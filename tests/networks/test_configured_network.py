"""Networks that are built again from their description."""

import json

import numpy as np
import pytest

from networks import GRU, LSTM, Convolution, ConvolutionalLSTM, Embedding
from networks.base.configuration import Fields, undrawn
from networks.dense import Dense
from nn.shape import SequenceShape, Shape, VideoShape

DESCRIPTION = {
    "family": "dense",
    "input_shape": "2x3x1",
    "output_shape": "1x1x4",
    "activation": {"name": "identity"},
}


def test_a_description_comes_back():
    described = Dense.from_configuration(DESCRIPTION, {}).to_configuration()
    again = Dense.from_configuration(described, {}, dtype=np.float64)
    assert again.to_configuration() == described
    assert (again.input_shape, again.dtype) == (Shape(2, 3, 1), np.dtype(np.float64))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_shape": 6}, "dense: field input_shape is 6, not a str"),
        ({"colour": "red"}, "dense: unknown field colour"),
        ({"activation": "tanh"}, "dense: field activation is 'tanh', not a dict"),
    ],
)
def test_fields_that_do_not_fit_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        Dense.from_configuration(DESCRIPTION | change, {})


def test_a_structure_is_refused():
    with pytest.raises(ValueError, match="dense: has no structure, but sources is given"):
        Dense.from_configuration(DESCRIPTION, {"sources": np.zeros(3)})


def test_no_weight_is_drawn_that_stays_zero():
    arguments = undrawn()
    before = arguments["generator"].bit_generator.state
    network = Embedding(Shape(1, 1, 1), labels=3, features=2, **arguments)
    assert not network.parameters.values.any()
    assert arguments["generator"].bit_generator.state == before


@pytest.mark.parametrize(("padding", "taken"), [("same", "same"), ([1, 2], (1, 2))])
def test_a_field_may_be_a_text_or_a_pair(padding, taken):
    with Fields({"family": "convolution", "padding": padding}) as fields:
        assert fields.text_or_pair("padding") == taken


@pytest.mark.parametrize(
    ("padding", "message"),
    [
        (1, "field padding is 1, not a list"),
        ([1], r"field padding is \[1\], not two whole numbers"),
        ([1, True], r"field padding is \[1, True\], not two whole numbers"),
        ([1.0, 1], r"field padding is \[1\.0, 1\], not two whole numbers"),
        ([1, 10**20], r"field padding is 100000000000000000000, beyond 1e\+16"),
    ],
)
def test_a_field_that_is_neither_text_nor_pair_is_refused(padding, message):
    fields = Fields({"family": "convolution", "padding": padding})
    with pytest.raises(ValueError, match=f"convolution: {message}"):
        fields.text_or_pair("padding")


def test_counts_may_be_numbers_of_numpy():
    """NumPy's numbers, as in a search over `numpy.arange`, are written to files like Python's."""
    two, make = np.int64(2), {"generator": np.random.default_rng(0)}
    made = [
        LSTM(SequenceShape(3, 2), units=two, layers=two, **make),
        GRU(SequenceShape(3, 2), units=two, **make),
        Convolution(Shape(4, 4, 1), channels=two, kernel=two, **make),
        ConvolutionalLSTM(VideoShape(2, 4, 4, 1), channels=two, kernel=np.int64(3), **make),
        Embedding(SequenceShape(3, 1), labels=np.int64(5), features=two, **make),
    ]
    for network in made:
        described = json.loads(json.dumps(network.to_configuration()))
        again = type(network).from_configuration(described, network.structure())
        assert again.parameters.size == network.parameters.size
