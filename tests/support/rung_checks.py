"""Tests of every rung of a family with parameters, which a test class of each family inherits."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from networks.base.family import RUNGS, Family
from networks.base.network import Network
from tests.support import network_checks as checks

every_rung = pytest.mark.parametrize("rung", RUNGS)
every_faster_rung = pytest.mark.parametrize("rung", RUNGS[1:])
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


class RungChecks:
    """Tests of all rungs of a family.

    Attributes
    ----------
    family
        What the ladder knows of it.
    build
        Builds a network of a rung's class: `build(kind, dtype)`; the same parameters every time.
    """

    family: ClassVar[Family]
    build: ClassVar[Callable[[Any, Any], Network]]

    def network(self, rung: str, dtype: Any = "float64") -> Network:
        return self.build(self.family.rungs[rung], dtype)

    @every_rung
    @every_dtype
    @pytest.mark.parametrize("histories", [1, 16, 21])
    def test_learning_rate_descends_along_the_gradient(self, rung, dtype, histories):
        kind, tolerance = self.family.rungs[rung], self.family.tolerance[dtype]
        checks.check_learning_rate(self.build, kind, dtype, histories, tolerance)

    @every_rung
    def test_gradients_add_up(self, rung):
        checks.check_gradients_add_up(self.network(rung), 5, self.family.tolerance["float64"])

    @every_rung
    @every_dtype
    def test_batches_of_any_size_in_turn(self, rung, dtype):
        checks.check_number_of_histories(self.network(rung, dtype), self.family.tolerance[dtype])

    @every_rung
    @every_dtype
    def test_arrays_of_any_layout(self, rung, dtype):
        network = self.network(rung, dtype)
        values, signals = checks.numbers(network, 7)
        expected = checks.pass_through(network, values, signals)
        turned = [np.asfortranarray(array) for array in (values, signals)]
        found = checks.pass_through(network, *turned)
        checks.assert_close(found, expected, self.family.tolerance[dtype])

    @every_rung
    @every_dtype
    def test_nan_is_not_hidden(self, rung, dtype):
        checks.check_nan_is_not_hidden(self.network(rung, dtype))
