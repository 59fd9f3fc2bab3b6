"""Which runs are found, and in what order."""

import math
import time
from pathlib import Path

import pytest

from workbench.errors import InputError
from workbench.records import About, Comparison, Label, Query, Store
from workbench.records.process import Process
from workbench.records.run import Session
from workbench.records.values import encode

DEAD = Process.own()._replace(started=1)

RUNS = [  # program, settings, loss, state
    ("gan", {"units": 256, "task": "both", "layers": [8, 4], "quick": True}, 0.5, "done"),
    ("gan", {"units": 128, "task": "one", "minutes": None}, math.nan, "failed"),
    ("video", {"units": 256.0, "code_size": "256", "quick": False}, 0.25, "running"),
    ("video", {"units": "many"}, None, "lost"),
    ("video", {}, math.inf, "dead"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    with Store.open(tmp_path_factory.mktemp("query") / "records.sqlite", create=True) as opened:
        with opened.writing():
            for place, (program, settings, loss, state) in enumerate(RUNS, 1):
                process = DEAD if state == "dead" else Process.own()
                label = Label("rates", place) if program == "gan" else None
                about = About(program, seed=-place, label=label)
                session = Session(100.0 * place, None, "running", "", "", {}, {})
                number = opened.begin(about, session, process)
                opened.write_settings(number, {name: encode(value) for name, value in settings.items()})
                if loss is not None:
                    opened.write_results(number, {"loss": encode(loss), "best-loss": encode(loss)})
                if state not in ("running", "dead"):
                    opened.finish(number, state, "", 1000.0)
        yield opened


def found(store: Store, *where: str, **query: object) -> list[int]:
    conditions = [Comparison.parse(text) for text in where]
    query = Query(where=conditions, **{"descending": False, **query})  # type: ignore[arg-type]
    numbers = [run.number for run in store.runs(query)]
    assert store.count(query) == len(numbers) or query.limit is not None
    return numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("units=256", [1, 3]),
        ("units = 256", [1, 3]),
        ("units!=256", [2, 4]),
        ("units<200", [2]),
        ("units>=128", [1, 2, 3]),
        ("units=many", [4]),
        ("code-size=256", [3]),
        ("code_size=256", [3]),
        ("task=both", [1]),
        ("layers=8,4", [1]),
        ("layers=8, 4", [1]),
        ("quick=yes", [1]),
        ("quick=false", [3]),
        ("minutes=none", [2]),
        ("loss<0.3", [3]),
        ("loss<=0.5", [1, 3]),
        ("loss>1", [5]),
        ("loss=inf", [5]),
        ("loss=nan", [2]),
        ("loss!=nan", [1, 3, 5]),
        ("best-loss=0.5", [1]),
        ("nothing=1", []),
    ],
)
def test_conditions(store: Store, text: str, expected: list[int]):
    assert found(store, text) == expected


def test_conditions_hold_together(store: Store):
    assert found(store, "units=256", "loss<0.4") == [3]
    assert found(store, "units=256", programs=["gan"]) == [1]


@pytest.mark.parametrize("text", ["units", "=256", "", "units~256"])
def test_what_is_no_condition_is_refused(text: str):
    with pytest.raises(InputError, match="is no condition: give a name, one of"):
        Comparison.parse(text)


@pytest.mark.parametrize("text", ["loss<small", "loss>=nan", "loss<"])
def test_only_numbers_are_compared_by_size(text: str):
    with pytest.raises(InputError, match="is no number"):
        Comparison.parse(text)


def test_states_are_those_of_now(store: Store):
    states = {run.number: run.state for run in store.runs()}
    assert states == {1: "done", 2: "failed", 3: "running", 4: "lost", 5: "lost"}
    assert found(store, states=["lost"]) == [4, 5]
    assert found(store, states=["running"]) == [3]
    assert found(store, states=["running", "failed"]) == [2, 3]
    assert found(store, states=["lost"], limit=1) == [4]
    assert store.run(5).ended_at == store.run(5).seen_at == 500.0


def test_who_is_lost_is_written_down_when_a_run_begins(store: Store):
    with store.writing():
        store.mark_lost()
    rows = store.connection.execute("SELECT number, state, ended_at FROM runs WHERE number IN (3, 5)")
    assert rows.fetchall() == [(3, "running", None), (5, "lost", 500.0)]
    assert store.sessions(5)[0].state == "lost"


def test_other_choices(store: Store):
    assert found(store, numbers=[2, 4, 9]) == [2, 4]
    assert found(store, programs=["gan", "video"], since=250.0) == [3, 4, 5]
    assert found(store, sweep="rates") == [1, 2]
    assert found(store, sweep="rates", trial=2) == [2]
    assert found(store, since=time.time()) == []
    assert found(store, limit=2) == [1, 2]
    assert found(store, descending=True, limit=2) == [5, 4]


def test_order(store: Store):
    assert found(store, sort="loss") == [3, 1, 5, 2, 4], "NaN after all numbers, and what has none after that"
    assert found(store, sort="loss", descending=True) == [5, 1, 3, 2, 4]
    assert found(store, sort="loss", limit=2) == [3, 1]
    assert found(store, "units=256", sort="loss", limit=9) == [3, 1]
    assert found(store, sort="code-size")[0] == 3
    assert found(store, sort="seed") == [5, 4, 3, 2, 1]
    assert found(store, sort="started", descending=True) == [5, 4, 3, 2, 1]
    with pytest.raises(InputError, match="no run has a result or a setting called 'los'; did you mean loss"):
        found(store, sort="los")


def test_names_of_all_values(store: Store, tmp_path: Path):
    assert store.names() == [
        *("best-loss", "code_size", "layers", "loss", "minutes", "quick", "task", "units"),
    ]
    with Store.open(tmp_path / "empty.sqlite", create=True) as empty:
        assert empty.names() == []


def test_runs_at_the_beginning_are_skipped_in_every_order(store: Store):
    assert found(store, skip=1, limit=2) == [2, 3]
    assert found(store, sort="loss", skip=1, limit=2) == found(store, sort="loss")[1:3]
    assert found(store, states=("lost",), skip=1, limit=9) == [5]
    assert store.count(Query(skip=3, limit=1)) == len(RUNS)
    assert store.count(Query(states=("lost",), skip=1)) == 2


def test_programs_and_names_are_found_without_looking_at_all_rows(store: Store):
    assert store.programs() == ["gan", "video"]
    assert {"units", "loss", "best-loss"} <= set(store.names())
    assert store.statistic_names(1) == []
