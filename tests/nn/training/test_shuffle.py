"""Shuffle: every entry once an epoch, in a new order, and the same one after a resume."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nn.training.shuffle import Shuffle, ShuffleState


def make_shuffle(entries=7, seed=1, last_batch="keep"):
    return Shuffle(entries, generator=np.random.default_rng(seed), last_batch=last_batch)


def take(shuffle, count):
    """Take a batch; return it with whether the epoch ended."""
    indices = shuffle.next(count)
    return indices.tolist(), shuffle.advance(len(indices))


@given(st.integers(1, 30), st.integers(1, 40))
def test_every_entry_comes_once_an_epoch(entries, count):
    shuffle = make_shuffle(entries)
    for epoch in range(3):
        seen, ended = [], False
        while not ended:
            assert shuffle.epoch == epoch
            assert shuffle.epochs == pytest.approx(epoch + len(seen) / entries)
            indices, ended = take(shuffle, count)
            assert 0 < len(indices) <= count
            seen += indices
        assert sorted(seen) == list(range(entries))
    assert (shuffle.epoch, shuffle.entry) == (3, 0)


def test_no_two_epochs_are_alike():
    shuffle = make_shuffle(100)
    epochs = [take(shuffle, 100)[0] for _ in range(5)]
    assert len({tuple(epoch) for epoch in epochs}) == 5


def test_looking_at_the_next_entries_goes_no_further():
    shuffle = make_shuffle()
    assert shuffle.next(3).tolist() == shuffle.next(3).tolist()
    assert shuffle.entry == 0


@pytest.mark.parametrize("steps", range(9))
def test_another_shuffle_goes_on_from_any_place(steps):
    first = make_shuffle()
    for _ in range(steps):
        take(first, 3)
        first.generator.random()  # others draw from it too
    state = ShuffleState.model_validate_json(first.state().model_dump_json())
    second = make_shuffle(seed=99)
    second.load_state(state)
    assert second.state() == state
    assert [take(first, 3) for _ in range(9)] == [take(second, 3) for _ in range(9)]
    assert first.generator.random() == second.generator.random()


def test_a_state_that_does_not_fit_is_refused_and_changes_nothing():
    shuffle = make_shuffle()
    take(shuffle, 3)
    before = shuffle.state()
    with pytest.raises(ValueError, match="trained on 8 entries, now there are 7"):
        shuffle.load_state(make_shuffle(8).state())
    foreign = Shuffle(7, generator=np.random.Generator(np.random.SFC64(1)))
    with pytest.raises(ValueError, match="kind SFC64, expected PCG64"):
        shuffle.load_state(foreign.state())
    broken = before.model_copy(update={"epoch_generator": foreign.state().generator})
    with pytest.raises(ValueError, match="kind SFC64, expected PCG64"):
        shuffle.load_state(broken)
    assert shuffle.state() == before


@pytest.mark.parametrize(
    "change",
    [
        {"entry": 7},
        {"entry": -1},
        {"epoch": 1.0},
        {"epoch": True},
        {"entries": 0},
        {"generator": None},
        {"epoch_generator": None},
        {"more": 1},
    ],
)
def test_fields_out_of_range_or_of_the_wrong_kind_are_refused(change):
    shuffle = make_shuffle()
    take(shuffle, 3)
    with pytest.raises(ValidationError, match=next(iter(change)).split("_")[0]):
        ShuffleState.model_validate({**shuffle.state().model_dump(), **change})


def test_no_two_epochs_have_a_batch_in_common():
    shuffle, seen = make_shuffle(200), []
    while shuffle.epoch < 20:
        seen.append(tuple(sorted(take(shuffle, 8)[0])))
    assert len(set(seen)) == len(seen) == 20 * 25


def test_what_follows_is_known_within_an_epoch_and_not_beyond():
    shuffle = make_shuffle()
    assert shuffle.peek(3).tolist() == []
    for expected in (3, 1):
        shuffle.next(3)
        following = shuffle.peek(3).tolist()
        take(shuffle, 3)
        assert following == shuffle.next(3).tolist()
        assert len(following) == expected
    assert shuffle.peek(3).tolist() == []


def test_unshuffled_entries_come_in_their_order_and_nothing_is_drawn():
    generator = np.random.default_rng(1)
    shuffle = Shuffle(7, generator=generator, shuffled=False)
    before = generator.bit_generator.state
    assert take(shuffle, 5)[0] + take(shuffle, 5)[0] + take(shuffle, 3)[0] == [*range(7), 0, 1, 2]
    assert generator.bit_generator.state == before


def epoch_of(shuffle, count):
    """Take all batches of an epoch; each is the announced one, at most of the announced size."""
    batches, coming, ended = [], None, False
    while not ended:
        assert coming in (None, shuffle.next(count).tolist())
        last, coming = shuffle.is_last(count), shuffle.peek(count).tolist()
        indices, ended = take(shuffle, count)
        assert ended == last == (not coming)
        assert len(indices) <= shuffle.largest(count)
        batches.append(indices)
    return batches


@given(entries=st.integers(1, 30), count=st.integers(1, 40), seed=st.integers(0, 9))
def test_what_is_left_over_is_kept_dropped_or_merged(entries, count, seed):
    kept, dropped, merged = (
        epoch_of(make_shuffle(entries, seed, what), count) for what in ("keep", "drop", "merge")
    )
    *whole, last = kept
    if len(last) == count or not whole:
        assert dropped == merged == kept
    else:
        assert dropped == whole
        assert merged == [*whole[:-1], whole[-1] + last]


@pytest.mark.parametrize("last_batch", ["drop", "merge"])
@pytest.mark.parametrize("steps", range(8))
def test_another_shuffle_goes_on_where_some_entries_are_left_over(last_batch, steps):
    first = make_shuffle(8, last_batch=last_batch)
    for _ in range(steps):
        take(first, 3)
    second = make_shuffle(8, seed=99, last_batch=last_batch)
    second.load_state(ShuffleState.model_validate_json(first.state().model_dump_json()))
    assert [take(first, 3) for _ in range(7)] == [take(second, 3) for _ in range(7)]


@pytest.mark.parametrize(("last_batch", "sizes"), [("keep", [4, 1]), ("drop", [4]), ("merge", [5])])
def test_other_batch_sizes_within_an_epoch(last_batch, sizes):
    """Where fewer entries are left than a batch needs, they form one, with any rule for the rest."""
    shuffle = make_shuffle(9, last_batch=last_batch)
    assert len(take(shuffle, 4)[0]) == 4
    assert [len(batch) for batch in epoch_of(shuffle, 4)] == sizes
    assert [len(batch) for batch in epoch_of(shuffle, 9)] == [9]
    take(shuffle, 2)
    assert [len(batch) for batch in epoch_of(shuffle, 20)] == [7]
