"""States of every kind of generator survive JSON, and foreign ones are refused."""

import json

import numpy as np
import pytest

from nn.training.random_state import check_generator_state, generator_state, set_generator_state

KINDS = [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64]


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_goes_on_as_the_other_would_have(kind):
    first = np.random.Generator(kind(1))
    first.integers(0, 2**32, 3, dtype=np.uint32)  # leaves half a draw in the buffer
    state = json.loads(json.dumps(generator_state(first)))
    second = np.random.Generator(kind(2))
    set_generator_state(second, state)
    assert (
        first.integers(0, 2**32, 7, dtype=np.uint32).tolist()
        == second.integers(0, 2**32, 7, dtype=np.uint32).tolist()
    )
    assert (first.permutation(50) == second.permutation(50)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_of_another_kind_is_refused(kind):
    other = KINDS[KINDS.index(kind) - 1]
    state = generator_state(np.random.Generator(other(1)))
    with pytest.raises(ValueError, match=f"kind {other.__name__}, expected {kind.__name__}"):
        set_generator_state(np.random.Generator(kind(1)), state)


@pytest.mark.parametrize(
    "change",
    [
        {"state": None},
        {"state": {"state": 1}},
        {"state": {"state": "1", "inc": 1}},
        {"state": {"state": -1, "inc": 1}},
        {"state": {"state": 2**200, "inc": 1}},
        {"has_uint32": 1.5},
        {"uinteger": 2**70},
    ],
)
def test_a_state_that_is_none_is_refused_and_changes_nothing(change):
    generator = np.random.default_rng(1)
    before = generator_state(generator)
    with pytest.raises(ValueError, match="not a state of PCG64"):
        set_generator_state(generator, {**before, **change})
    with pytest.raises(ValueError, match="not a state of PCG64"):
        check_generator_state(generator, {**before, **change})
    assert generator_state(generator) == before


def test_a_short_array_is_refused():
    generator = np.random.Generator(np.random.MT19937(1))
    state = generator_state(generator)
    state["state"]["key"].pop()
    with pytest.raises(ValueError, match="not a state of MT19937"):
        set_generator_state(generator, state)
