"""The ladder: a network built from a description has parameters of zero, and is otherwise the same."""

import json

import numpy as np
import pytest

from networks.ladder import FAMILIES, RUNGS, network_from_configuration, rung


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", RUNGS)
def test_a_description_gives_the_same_network_with_parameters_of_zero(family, name):
    kind = FAMILIES[family].rungs["plain"]
    network = FAMILIES[family].example(kind, generator=np.random.default_rng(0), dtype=np.float64)
    configuration = json.loads(json.dumps(network.to_configuration()))
    built = network_from_configuration(configuration, network.structure(), rung_name=name, dtype=np.float64)
    assert not built.parameters.values.any()
    assert built.to_configuration() == network.to_configuration()
    assert built.parameters.shapes == network.parameters.shapes


def test_what_is_no_description_is_refused():
    with pytest.raises(ValueError, match="described by its fields, not by 'dense'"):
        network_from_configuration("dense", {})


def test_structure_that_nobody_reads_is_refused():
    flatten = {"family": "flatten", "input_shape": "2x3x1"}
    configuration = {"family": "sequential", "networks": {"0": flatten}}
    assert network_from_configuration(configuration, {}).structure() == {}
    with pytest.raises(
        ValueError, match=r"sequential: no network in it has the structure 1\.sources, sources"
    ):
        network_from_configuration(configuration, {"sources": np.zeros(1), "1.sources": np.zeros(1)})


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="unknown family 'lstn'; did you mean lstm"):
        rung("lstn", "o2")
    with pytest.raises(ValueError, match="unknown rung of lstm 'o3'"):
        rung("lstm", "o3")
