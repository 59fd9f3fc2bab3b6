"""The ladder: what is built from a description has every parameter at zero, and is the same network."""

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


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="unknown family 'lstn'; did you mean lstm"):
        rung("lstn", "o2")
    with pytest.raises(ValueError, match="unknown rung of lstm 'o3'"):
        rung("lstm", "o3")
