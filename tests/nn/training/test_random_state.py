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


def spawned(generator, count=3):
    return [child.random() for child in generator.spawn(count)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_spawns_the_children_that_the_other_would_have(kind):
    first, second = np.random.Generator(kind(1)), np.random.Generator(kind(2))
    used = spawned(first)
    second.spawn(7)
    set_generator_state(second, json.loads(json.dumps(generator_state(first))))
    expected = spawned(first)
    assert spawned(second) == expected and not set(expected) & set(used)
    set_generator_state(second, generator_state(np.random.Generator(kind(1))))
    assert spawned(second) == used  # it may also go back, as a race does


@pytest.mark.parametrize(
    "entropy",
    [0, 2**100, [1, 2**40], (3, [4]), range(3), np.int64(7), np.array([1, 2], np.uint32), [np.uint64(2**40)]],
)
def test_a_seed_of_any_kind_survives(entropy):
    sequence = np.random.SeedSequence(entropy, spawn_key=(5, 2**31), pool_size=8)
    first, second = np.random.default_rng(sequence), np.random.default_rng(0)
    first.spawn(2)
    set_generator_state(second, json.loads(json.dumps(generator_state(first))))
    assert spawned(second) == spawned(first)


def test_whoever_spawns_from_the_same_sequence_goes_on_there_too():
    sequence, expected = (np.random.SeedSequence(1) for _ in range(2))
    generator = np.random.default_rng(1)
    generator.spawn(2)
    set_generator_state(np.random.default_rng(sequence), generator_state(generator))
    expected.spawn(2)
    assert sequence.spawn(1)[0].entropy == 1 and sequence.spawn(1)[0].spawn_key == (3,)
    assert expected.spawn(1)[0].spawn_key == (2,)


def test_a_state_from_before_leaves_the_seed_sequence_as_it_is():
    first, second = np.random.default_rng(1), np.random.default_rng(2)
    state = generator_state(first)
    del state["seed_sequence"]
    second.spawn(2)
    set_generator_state(second, state)
    assert second.random() == first.random()
    assert (
        second.bit_generator.seed_seq.entropy == 2 and second.bit_generator.seed_seq.n_children_spawned == 2
    )


class Sequence(np.random.bit_generator.ISeedSequence):
    """A seed sequence of another kind, which cannot spawn."""

    def generate_state(self, n_words, dtype=np.uint32):
        return np.arange(n_words, dtype=dtype)


class SpawningSequence(Sequence, np.random.bit_generator.ISpawnableSeedSequence):
    def spawn(self, n_children):
        return [np.random.SeedSequence(number) for number in range(n_children)]


def test_sequences_that_are_not_numpys():
    whole = np.random.default_rng(1)
    without = np.random.Generator(np.random.RandomState(3)._bit_generator)
    for generator in (np.random.Generator(np.random.PCG64(Sequence())), without):
        assert "seed_sequence" not in generator_state(generator)
    resumed = np.random.Generator(np.random.PCG64(Sequence()))
    set_generator_state(resumed, generator_state(whole))
    assert resumed.random() == whole.random()
    with pytest.raises(ValueError, match="spawns from SpawningSequence"):
        check_generator_state(
            np.random.Generator(np.random.PCG64(SpawningSequence())), generator_state(whole)
        )


@pytest.mark.parametrize(
    "change",
    [
        {"entropy": None},
        {"entropy": 1.5},
        {"entropy": -1},
        {"entropy": "12"},
        {"entropy": [[None]]},
        {"spawn_key": 3},
        {"spawn_key": ["a"]},
        {"pool_size": 2},
        {"pool_size": 2**40},
        {"pool_size": 4.0},
        {"n_children_spawned": -1},
        {"n_children_spawned": 2**40},
        {"n_children_spawned": True},
    ],
)
def test_a_seed_sequence_that_is_none_is_refused_and_changes_nothing(change):
    generator = np.random.default_rng(1)
    before = generator_state(generator)
    saved = {
        **generator_state(np.random.default_rng(2)),
        "seed_sequence": {**before["seed_sequence"], **change},
    }
    for refuse in (check_generator_state, set_generator_state):
        with pytest.raises(ValueError, match="not a state of a seed sequence"):
            refuse(generator, saved)
    for sequence in ([], "text", 3, {}):
        with pytest.raises(ValueError, match="not a state of a seed sequence"):
            set_generator_state(generator, {**before, "seed_sequence": sequence})
    assert generator_state(generator) == before
