"""The trials in the records: who may take which, and that nobody writes what another has taken over."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.leases import LEASE_SECONDS
from experiments.sweep.advance import advance
from experiments.sweep.held import HeldTrial
from experiments.sweep.trials import Trials
from tests.support.sweep_files import sweep_of
from workbench.errors import InputError
from workbench.records import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "records.sqlite", create=True) as opened:
        yield opened


@pytest.fixture
def trials(store: Store, tmp_path: Path) -> Trials:
    found = Trials.begin(store, sweep_of(tmp_path))
    with store.writing():
        found.add(0, [{"rate": 0.1, "layers": (4, 2)}, {"rate": 0.3}])
    return found


def release(trials: Trials, number: int, owner: str, state: str = "done", **statistics: float) -> None:
    row = next(each for each in trials.rows() if each.number == number)
    trials.release(row, owner, state, reason="", attempts=0, statistics=statistics)


def test_trials_come_back_as_they_were_planned(trials: Trials):
    assert [row.candidate for row in trials.rows()] == [{"rate": 0.1, "layers": (4, 2)}, {"rate": 0.3}]
    with trials.store.writing():
        trials.add(0, [{"rate": 7}])  # planned again after a kill
    assert [row.candidate["rate"] for row in trials.rows()] == [0.1, 0.3]


def test_what_was_reached_is_kept_at_its_rung(trials: Trials):
    trials.take(0, "one")
    release(trials, 0, "one", objective=0.5)
    with trials.store.writing():
        trials.promote([0], 1)
    assert trials.takeable() == [0, 1]
    trials.take(0, "two")
    release(trials, 0, "two", objective=0.25)
    row = trials.rows()[0]
    assert (row.rung, row.state, row.owner) == (1, "done", None)
    assert row.statistics == {0: {"objective": 0.5}, 1: {"objective": 0.25}}


def test_a_trial_that_has_ended_is_not_taken(trials: Trials):
    trials.take(0, "one")
    release(trials, 0, "one")
    assert trials.takeable() == [1]
    assert trials.take(0, "two") is None


def test_a_worker_that_has_lost_its_trial_changes_nothing(trials: Trials):
    trials.take(0, "one")
    assert trials.renew("one")
    trials.take(0, "two")
    assert not trials.renew("one")
    release(trials, 0, "one", objective=0.5)
    row = trials.rows()[0]
    assert (row.state, row.owner, row.statistics) == ("running", "two", {})


def test_a_worker_of_this_machine_is_known_by_its_lock_alone(trials: Trials, monkeypatch):
    """Neither the clock nor a lease that has run out says anything of it."""
    trials.take(0, "one")
    for now in (0.0, time.time() + 1e9):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        assert trials.takeable() == [0, 1]


def test_one_of_another_machine_is_left_alone_until_it_has_been_silent(trials: Trials, monkeypatch):
    trials.take(0, "one")
    assert (trials.running_here(), trials.are_run_elsewhere()) == ([0], False)
    trials.store.connection.execute("UPDATE trials SET system = 'another' WHERE number = 0")
    assert trials.takeable() == [1]
    assert trials.take(0, "two") is None  # whose lock may be no lock there
    assert (trials.running_here(), trials.are_run_elsewhere()) == ([], True)
    then = time.time()
    monkeypatch.setattr(time, "time", lambda: then + LEASE_SECONDS - 10)
    assert trials.renew("one")
    monkeypatch.setattr(time, "time", lambda: then + LEASE_SECONDS + 10)
    assert trials.takeable() == [1]
    monkeypatch.setattr(time, "time", lambda: then + 2 * LEASE_SECONDS)
    assert trials.takeable() == [0, 1]
    assert not trials.are_run_elsewhere()
    assert trials.take(0, "two") is not None


def test_two_who_plan_plan_once(trials: Trials, tmp_path: Path, monkeypatch):
    sweep = sweep_of(tmp_path)
    for number in (0, 1):
        trials.take(number, "one")
        release(trials, number, "one", objective=0.5)
    before = trials.rows()
    with trials.store.writing():
        trials.add(2, [{"rate": 0.5}])  # by another, since it was looked
    later = iter([before])
    monkeypatch.setattr(trials, "rows", lambda: next(later, None) or Trials.rows(trials))
    assert advance(sweep, trials)
    assert [row.candidate["rate"] for row in Trials.rows(trials)] == [0.1, 0.3, 0.5]


def test_a_lock_is_held_by_one(tmp_path: Path):
    held = HeldTrial.take(tmp_path, "trial-0000")
    assert held is not None
    assert HeldTrial.take(tmp_path, "trial-0000") is None
    other = HeldTrial.take(tmp_path, "trial-0001")
    assert other is not None
    held.release()
    again = HeldTrial.take(tmp_path, "trial-0000")
    assert again is not None
    for each in (again, other):
        each.release()


def test_stopping_is_asked_for_and_taken_back(trials: Trials):
    assert not trials.is_stopping()
    trials.ask_to_stop()
    assert trials.is_stopping()
    trials.ask_to_stop(stopping=False)
    assert not trials.is_stopping()


EVERYTHING = {
    "seeds": 2,
    "settings": {"pause": 0.5, "layers": [4, 2]},
    "space": {"rate": {"real": [1, 2], "points": 2}, "kind": {"choice": ["plain"], "when": {"rate": [1]}}},
    "filters": {"forbidden": [{"rate": 2}], "limits": [{"statistic": "loss", "above": 1}]},
}


def test_a_sweep_is_known_by_what_its_file_says(store: Store, tmp_path: Path):
    number = Trials.begin(store, sweep_of(tmp_path, **EVERYTHING)).number
    assert Trials.find(store, sweep_of(tmp_path, **EVERYTHING)).number == number
    turned = dict(reversed([("kind", {"choice": ["plain"]}), ("rate", EVERYTHING["space"]["rate"])]))
    for key, changed in {"space": turned, "seeds": 3, "settings": {"pause": 0.5, "layers": [4]}}.items():
        with pytest.raises(InputError, match=f"says another {key} than when the sweep was begun"):
            Trials.find(store, sweep_of(tmp_path, **{**EVERYTHING, key: changed}))
    store.connection.execute("UPDATE sweeps SET file = '{}'")
    with pytest.raises(InputError, match="says another file"):
        Trials.find(store, sweep_of(tmp_path, **EVERYTHING))


def test_trials_go_with_their_sweep(trials: Trials, tmp_path: Path):
    trials.take(0, "one")
    release(trials, 0, "one", objective=0.5)
    again = Trials.begin(trials.store, sweep_of(tmp_path), overwrite=True)
    assert again.rows() == [] and trials.rows() == []
    assert trials.is_stopping()
    count = "SELECT count(*) FROM trial_statistics"
    assert trials.store.connection.execute(count).fetchone() == (0,)
