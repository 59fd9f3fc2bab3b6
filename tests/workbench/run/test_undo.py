"""Undoing and redoing: everything is as it was before, the journal has it, and a slider is one move."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoencoder.live.run import LiveRun
from tests.autoencoder.live.test_replay import addressed, changes
from tests.support.live_runs import bits, open_run, setting, train_steps
from workbench.errors import OperationError
from workbench.run.changes import BiasChange
from workbench.run.journal import read_journal
from workbench.run.undo import MOST_KEPT, ONE_MOVE_SECONDS, UndoHistory

pytestmark = pytest.mark.usefixtures("one_thread")

BIAS = {"kind": "bias", "layer": 2, "neuron": 1, "value": 0.25}


@pytest.fixture
def run(tmp_path: Path) -> LiveRun:
    return open_run(tmp_path)


def seen(run: LiveRun) -> list[Any]:
    """Return all that changes may change."""
    status = run.status()
    kept = [sorted(status[name]) for name in ("clamps", "locks", "weight_locks")]
    return [bits(run), status["settings"], *kept, run.session.trainer.optimizer.learning_rate]


@settings(max_examples=settings.default.max_examples // 2)
@given(st.lists(st.lists(changes, min_size=1, max_size=4), min_size=1, max_size=6))
def test_what_was_undone_is_as_before_and_what_was_redone_as_after(made: list[list[dict[str, Any]]]):
    with tempfile.TemporaryDirectory() as folder:
        run = open_run(Path(folder))
        states = [seen(run)]
        for each in made:
            run._history._clock = lambda: 10.0 * len(states)  # far apart: each is a move of its own
            run.apply([addressed(run, change) for change in each])
            states.append(seen(run))
        for back, again in (("undo", "redo"), ("undo", "redo")):
            for state in states[-2::-1]:
                getattr(run, back)()
                assert seen(run) == state
            assert run.status()[back] is None
            for state in states[1:]:
                getattr(run, again)()
                assert seen(run) == state
            assert run.status()[again] is None
        run.close()


def test_an_undo_is_in_the_journal_and_says_what_it_is(run: LiveRun):
    before = run.session.network.parameters.values.copy()
    run.apply([BIAS])
    assert run.status()["undo"] == {"count": 1, "changes": [BIAS]}
    undone = run.undo()
    assert undone == {"step": 0, "count": 1, "changes": [BIAS]}
    assert np.array_equal(run.session.network.parameters.values, before)
    run.redo()
    events = [json.loads(event.to_line()) for event in read_journal(run.directory.journal.path)][1:]
    assert [event.get("why") for event in events] == [None, "undo", "redo"]
    assert [event["changes"][0]["value"] for event in events] == [0.25, float(before[place(run)]), 0.25]
    assert "why" not in events[0]


def place(run: LiveRun) -> int:
    return run.session.steering.anatomy.bias(2, 1)


def test_after_training_an_undo_restores_the_number_before_the_change(run: LiveRun):
    train_steps(run, 2)
    before = run.session.network.parameters.values[place(run)]
    run.apply([BIAS])
    train_steps(run, 3)
    run.undo()
    assert run.session.network.parameters.values[place(run)] == before
    train_steps(run, 1)
    moved = run.session.network.parameters.values[place(run)]
    run.redo()
    assert run.session.network.parameters.values[place(run)] == 0.25
    run.undo()
    assert run.session.network.parameters.values[place(run)] == moved


def test_with_nothing_to_undo_it_is_refused(run: LiveRun):
    for what in ("undo", "redo"):
        with pytest.raises(OperationError, match=f"there is nothing to {what}"):
            getattr(run, what)()
    run.apply([BIAS])
    run.undo()
    run.apply([setting("learning-rate", 0.5)])
    with pytest.raises(OperationError, match="there is nothing to redo"):
        run.redo()
    run.snapshot()
    run.rewind(run.status()["snapshots"][0]["name"])
    with pytest.raises(OperationError, match="there is nothing to undo"):
        run.undo()


def test_numbers_that_are_none_any_more_are_not_restored(run: LiveRun):
    run.apply([setting("learning-rate", 0.5)])
    run.session.network.parameters.values[place(run)] = np.nan
    run.apply([BIAS])
    assert run.status()["undo"] is None
    assert run.session.network.parameters.values[place(run)] == 0.25


def test_a_slider_is_one_move_and_no_more_are_kept_than_fit():
    now = [0.0]
    history = UndoHistory(lambda: now[0])

    def add(neuron: int, value: float) -> None:
        change = BiasChange(layer=1, neuron=neuron, value=value)
        history.add([change], [change.model_copy(update={"value": value - 1})])

    for value in (1.0, 2.0, 3.0):
        now[0] += ONE_MOVE_SECONDS / 2
        add(0, value)
    assert history.last_done is not None and history.last_done.back[0].value == 0.0  # type: ignore[union-attr]
    history.undid()
    assert history.last_done is None
    assert history.last_undone is not None and history.last_undone.made[0].value == 3.0  # type: ignore[union-attr]
    for _ in range(2 * MOST_KEPT):
        add(0, 1.0)
        now[0] += ONE_MOVE_SECONDS
    kept = 0
    while history.last_done is not None:
        history.undid()
        kept += 1
    assert kept == MOST_KEPT
