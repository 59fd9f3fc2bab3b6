"""The single-step cell: every rung against the GRU that takes the same step."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES, network_from_configuration
from networks.sequential import Sequential
from nn.shape import SequenceShape, Shape
from tests.support import network_checks as checks
from tests.support import state_checks
from tests.support.gru_networks import gru
from tests.support.rung_checks import RungChecks, every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILY = FAMILIES["gru_cell"]
PLAIN = FAMILY.rungs["plain"]

options = st.fixed_dictionaries({"units": st.integers(1, 20)})
inputs = st.builds(Shape, st.just(1), st.just(1), st.integers(1, 9))
histories = st.integers(1, 20)


def build(kind, dtype):
    return gru(kind, Shape(1, 1, 4), dtype)


@every_rung
@given(shape=inputs, settings=options, histories=st.integers(1, 4))
def test_gradients(rung, shape, settings, histories):
    network = gru(FAMILY.rungs[rung], shape, **settings)
    checks.check_gradients(network, histories)
    state_checks.check_slope(network, histories)


@every_faster_rung
@every_dtype
@given(shape=inputs, settings=options, histories=histories)
def test_same_as_plain(rung, dtype, shape, settings, histories):
    network, plain = (gru(kind, shape, dtype, **settings) for kind in (FAMILY.rungs[rung], PLAIN))
    values, signals = checks.numbers(network, histories)
    ends = state_checks.states(network, histories, 3), state_checks.states(network, histories, 5)
    found, expected = (state_checks.pass_through(each, values, signals, *ends) for each in (network, plain))
    checks.assert_close(found, expected, FAMILY.tolerance[dtype])


class TestEveryRung(RungChecks):
    family = FAMILY
    build = staticmethod(build)


@every_rung
@every_dtype
def test_threads_do_not_change_a_bit(rung, dtype):
    checks.check_threads(gru(FAMILY.rungs[rung], Shape(1, 1, 120), dtype, units=37), 45)


@every_rung
def test_what_does_not_fit_is_refused(rung):
    messages = checks.check_wrong_input(build(FAMILY.rungs[rung], "float32")).splitlines()
    assert messages == [
        "gru_cell: signals have 2 histories, the last forward had 0",
        "gru_cell: input values have shape (1, 1, 4, 0), expected (1x1x4, histories)",
        "gru_cell: signals have 1 histories, the last forward had 2",
        "gru_cell: signals have 40 histories, the last forward had 2",
        "gru_cell: input values have shape (0, 1, 4, 2), expected (1x1x4, histories)",
        "gru_cell: input values have shape (1, 1, 4), expected (1x1x4, histories)",
        "gru_cell: input values are float64, the network is float32",
        "gru_cell: signals have shape (1, 1, 2, 2), expected (1x1x3, histories)",
        "gru_cell: signals are float64, the network is float32",
    ]


@pytest.mark.parametrize("shape", [Shape(1, 2, 3), SequenceShape(1, 3)])
def test_more_than_a_step_is_refused(shape):
    with pytest.raises(ValueError, match=f"gru_cell: the input {shape} is not a single step: give 1 x 1 x"):
        PLAIN(shape, units=2, generator=np.random.default_rng(0))


def test_a_step_cannot_be_masked():
    with pytest.raises(ValueError, match="gru_cell: has no steps that a mask could leave out"):
        build(PLAIN, "float64").step_mask = np.ones((1, 2), bool)


@every_rung
def test_step_by_step_it_is_a_gru(rung):
    whole = gru(FAMILIES["gru"].rungs[rung], SequenceShape(4, 3), units=5)
    cell = FAMILY.rungs[rung](Shape(1, 1, 3), units=5, generator=np.random.default_rng(0), dtype="float64")
    cell.parameters.copy_from(whole.parameters)
    values, _ = checks.numbers(whole, 3)
    states = state_checks.states(whole, 3)
    expected = whole.forward(values, initial=states)
    for step, value in enumerate(values):
        output = cell.forward(value[None, None], initial=states)
        states = cell.final_states
        checks.assert_close({"output": output[0, 0]}, {"output": expected[step]}, 1e-12)
    found, expected = state_checks.named(states, "final"), state_checks.named(whole.final_states, "final")
    checks.assert_close(found, expected, 1e-12)


@every_rung
@given(shape=inputs, settings=options)
def test_comes_back_from_its_configuration(rung, shape, settings):
    cell = gru(FAMILY.rungs[rung], shape, "float32", **settings)
    described = json.loads(json.dumps(cell.to_configuration()))
    again = network_from_configuration(described, cell.structure(), rung_name=rung)
    assert type(again) is type(cell)
    assert again.to_configuration() == described
    again.parameters.copy_from(cell.parameters)
    values, _ = checks.numbers(cell, 2)
    assert np.array_equal(again.forward(values), cell.forward(values))


@every_rung
def test_cells_can_be_stacked(rung):
    kind = FAMILY.rungs[rung]
    stack = Sequential([gru(kind, Shape(1, 1, 3), units=5), gru(kind, Shape(1, 1, 5), units=2)])
    checks.check_gradients(stack, 3)
