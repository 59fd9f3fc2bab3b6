"""The table of a network: every leaf, its shapes, its parameters, its memory."""

import numpy as np

import networks
from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.merge import Add
from networks.model import Model
from networks.sequential import Sequential
from nn.kernels.core.dot_products import has_dot_products
from nn.shape import Shape

WIDE, NARROW = Shape(4, 4, 1), Shape(1, 1, 3)


def dense(inputs, outputs):
    return Dense(inputs, outputs, generator=np.random.default_rng(0))


def test_a_row_for_every_network_and_totals():
    network = Sequential({"encoder": dense(WIDE, NARROW), "decoder": dense(NARROW, WIDE)})
    lines = network.summary(histories=16).splitlines()
    assert lines[0].split() == ["network", "family", "input", "output", "parameters", "histories"]
    assert lines[1].split()[:5] == ["encoder", "dense", "4x4x1", "1x1x3", "51"]
    assert lines[2].split()[:5] == ["decoder", "dense", "1x1x3", "4x4x1", "64"]
    assert lines[3].split()[:2] == ["total", "115"]
    assert len({len(line) for line in lines[:4]}) == 1
    # 4 outputs' and 2 inputs' worth of arrays, 16 histories, 4 bytes
    histories = (4 * (3 + 16) + 2 * (16 + 3)) * 16 * 4
    assert f"{histories / 1024:.1f} KiB" in lines[3]
    assert lines[4] == "parameters and gradients 920 bytes, histories for 16 entries 7.1 KiB"


def test_frozen_parameters_are_told():
    network = Sequential({"encoder": dense(WIDE, NARROW), "decoder": dense(NARROW, WIDE)})
    network.parameters.freeze("encoder")
    assert network.summary().splitlines()[-1] == "51 parameters are frozen, 64 learn"


def test_shared_parameters_are_counted_once_and_inputs_of_a_merge_are_all_there():
    first, second = Input(WIDE), Input(WIDE)
    tower = dense(WIDE, NARROW)
    total = Call(Add([NARROW, NARROW]), Call(tower, first, name="tower"), Call(tower, second, name="tower"))
    rows = Model({"a": first, "b": second}, total).summary().splitlines()
    assert rows[1].split()[4] == "51"
    assert rows[2].split()[0] == "tower:2"
    assert rows[2].split()[4] == "shared"
    assert "1x1x3 + 1x1x3" in rows[3]
    assert rows[4].split()[1] == "51"


def test_in_bfloat16_it_says_what_each_layer_computes_with():
    layers = [networks.Convolution.of(channels=2, kernel=3), networks.Dense.of(40)]
    network = Sequential(WIDE, layers, generator=np.random.default_rng(0))
    assert "computes with" not in network.summary()
    network.store_as("bfloat16")
    lines = network.summary().splitlines()
    begin, end = lines[0].index("computes with"), lines[0].index("parameters")
    assert lines[1][begin:end].strip() == "float32: few channels"
    wanted = "bfloat16 dot products" if has_dot_products() else "float32: no AVX512_BF16 here"
    assert lines[2][begin:].startswith(wanted)
    assert lines[3][begin:].split()[0] == f"{network.parameters.size:,}"


def test_a_single_network_is_called_by_its_family():
    assert dense(WIDE, NARROW).summary().splitlines()[1].startswith("dense")


def test_a_notebook_shows_it_as_it_is():
    network = Sequential({"<b>": dense(WIDE, NARROW)})
    assert network._repr_html_().startswith("<pre>network") and "&lt;b&gt;" in network._repr_html_()
