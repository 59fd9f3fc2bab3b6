"""Tests of every rung of a recurrent family beside the general ones: masks, and states that continue."""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest

from tests.support import network_checks as checks
from tests.support import state_checks
from tests.support.rung_checks import RungChecks, every_dtype, every_rung


class RecurrentChecks(RungChecks):
    """Tests of all rungs of a recurrent family.

    Attributes
    ----------
    of_steps
        Returns a function that builds a network of a class for a number of steps: `of_steps(kind, dtype,
        **settings)`.
    """

    of_steps: ClassVar[Callable[..., state_checks.Build]]

    @every_rung
    @every_dtype
    @pytest.mark.parametrize("whole_sequence", [True, False])
    @pytest.mark.parametrize("bidirectional", [True, False])
    def test_a_masked_sequence_is_a_shorter_one(self, rung, dtype, whole_sequence, bidirectional):
        settings = {"whole_sequence": whole_sequence, "bidirectional": bidirectional}
        make = self.of_steps(self.family.rungs[rung], dtype, **settings)
        state_checks.check_masked_is_shorter(make, 5, 2, self.family.tolerance[dtype])

    @every_rung
    @every_dtype
    @pytest.mark.parametrize("whole_sequence", [True, False])
    def test_stateful_goes_on_where_it_ended(self, rung, dtype, whole_sequence):
        make = self.of_steps(self.family.rungs[rung], dtype, layers=2, whole_sequence=whole_sequence)
        state_checks.check_goes_on(make, 3, self.family.tolerance[dtype])

    @every_rung
    def test_nothing_is_carried_unless_it_is_stateful(self, rung):
        network = self.network(rung)
        values, _ = checks.numbers(network, 2)
        first = network.forward(values).copy()
        assert network.state() == {}
        assert np.array_equal(network.forward(values), first)
        carried = network.final_states._asdict()
        message = f"{network.family}: carries no state, but {', '.join(sorted(carried))} is given"
        with pytest.raises(ValueError, match=message):
            network.load_state(carried)
