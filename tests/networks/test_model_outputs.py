"""Outputs of models: the networks that lead to each, and its range."""

import math

import numpy as np
import pytest

from networks.activation import ActivationLayer
from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.merge import Add
from networks.model import Model
from nn.activations import Identity, Sigmoid, Tanh
from nn.shape import Shape

VECTOR = Shape(1, 1, 3)


def dense(activation):
    return Dense(VECTOR, VECTOR, activation=activation, generator=np.random.default_rng(0))


def forked():
    """Two inputs, one output that is a sigmoid of a tanh, and one that is the sum of two sigmoids."""
    left, right = Input(VECTOR), Input(VECTOR)
    squashed = Call(dense(Tanh()), left, name="tanh")
    narrow = Call(ActivationLayer(VECTOR, activation=Sigmoid()), squashed, name="narrow")
    wide = Call(dense(Sigmoid()), right, name="wide")
    total = Call(Add([VECTOR, VECTOR]), narrow, wide, name="total")
    return Model({"left": left, "right": right}, {"narrow": narrow, "total": total})


def test_every_output_has_a_shape_a_range_and_the_networks_before_it():
    model = forked()
    narrow, total = model.named_outputs["narrow"], model.named_outputs["total"]
    assert narrow.output_shape == total.output_shape == VECTOR
    bounds = [1 / (1 + math.exp(1)), 1 / (1 + math.exp(-1))]
    assert narrow.output_range() == pytest.approx(bounds)
    assert total.output_range() == pytest.approx([bounds[0], 1 + bounds[1]])
    assert list(narrow.layers) == [model.named["tanh"], model.named["narrow"]]
    assert list(total.layers) == [model.named["total"]]


def test_outputs_stay_within_the_ranges():
    model = forked()
    inputs = np.random.default_rng(1).normal(size=(2, 500, *VECTOR)) * 5
    outputs = model.predict({"left": inputs[0], "right": inputs[1]})
    for name, end in model.named_outputs.items():
        lowest, highest = end.output_range()
        assert lowest - 1e-6 <= outputs[name].min() < outputs[name].max() <= highest + 1e-6


def test_a_network_of_one_output_is_its_own_end():
    network = dense(Identity())
    assert network.named_outputs == {"": network}


def test_a_model_of_several_inputs_within_another_takes_the_range_of_each():
    first, second = Input(VECTOR), Input(VECTOR)
    adding = Model({"first": first, "second": second}, Call(Add([VECTOR, VECTOR]), first, second))
    left, right = Input(VECTOR), Input(VECTOR)
    parts = Call(dense(Tanh()), left), Call(dense(Sigmoid()), right)
    outer = Model({"left": left, "right": right}, Call(adding, *parts))
    assert outer.output_range() == (-1, 2)
