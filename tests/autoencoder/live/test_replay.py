"""Replaying: the journal of any run leads to the same bits, and differences are reported."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoencoder.live.run import LiveRun
from autoencoder.model_file import load_snapshot
from tests.support.autoencoder_runs import run as run_program
from tests.support.live_models import ARCHITECTURES
from tests.support.live_runs import bits, kill, open_run, open_session, setting, train_steps
from workbench.run.journal import FILE_NAME, read_lineage
from workbench.run.replay import Replay
from workbench.run.run_directory import checksum

pytestmark = pytest.mark.usefixtures("one_thread")

place = {"layer": st.integers(1, 4), "neuron": st.integers(0, 3)}
numbers = st.floats(-2, 2, width=32)
changes = st.one_of(
    st.builds(setting, st.just("learning-rate"), st.sampled_from([0.001, 0.02, 0.1])),
    st.builds(setting, st.just("batch-size"), st.integers(1, 40)),
    st.builds(setting, st.just("optimizer"), st.sampled_from(["sgd", "momentum", "adam", "adagrad"])),
    st.builds(setting, st.just("leakage"), st.sampled_from([0, 0.1, 0.5, 1])),
    st.builds(setting, st.just("epochs"), st.integers(3, 6)),
    st.fixed_dictionaries({"kind": st.just("bias"), **place, "value": numbers}),
    st.fixed_dictionaries({"kind": st.just("clamp"), **place, "value": numbers | st.none()}),
    st.fixed_dictionaries({"kind": st.just("lock"), **place, "locked": st.booleans()}),
    st.fixed_dictionaries({"kind": st.just("weight"), **place, "value": numbers}),
    st.fixed_dictionaries({"kind": st.just("lock_weight"), **place, "locked": st.booleans()}),
)
deeds = st.one_of(
    st.tuples(st.just("train"), st.integers(1, 5)),
    st.tuples(st.just("step"), st.integers(1, 2)),
    st.tuples(st.just("apply"), st.lists(changes, min_size=1, max_size=3)),
    st.tuples(st.sampled_from(["snapshot", "kill", "close"]), st.none()),
    st.tuples(st.sampled_from(["undo", "redo"]), st.none()),
    st.tuples(st.just("rewind"), st.integers(0, 9)),
)


def addressed(run: LiveRun, change: dict[str, Any]) -> dict[str, Any]:
    """Replace the ends of a weight change by those of a connection that exists."""
    if "weight" not in change["kind"]:
        return change
    source = int(run.session.steering.anatomy.incoming(change["layer"], change["neuron"]).neurons[0])
    rest = {name: value for name, value in change.items() if name != "neuron"}
    return {**rest, "target": change["neuron"], "source": source}


def act(run: LiveRun, deed: str, argument: Any, reopen: Callable[[], LiveRun]) -> LiveRun:
    """Apply an action to a run, and return it or the run that replaced it."""
    if deed == "apply":
        run.apply([addressed(run, change) for change in argument])
    elif deed == "train" and run.state == "idle":
        train_steps(run, argument)
    elif deed == "step" and run.state == "idle":
        run.step()
    elif deed in ("undo", "redo") and run.status()[deed]:
        getattr(run, deed)()
    elif deed == "snapshot":
        run.snapshot()
    elif deed == "rewind" and run.status()["snapshots"]:
        kept = run.status()["snapshots"]
        run.rewind(kept[argument % len(kept)]["name"])
    elif deed in ("kill", "close"):
        kill(run) if deed == "kill" else run.close()
        return reopen()
    return run


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@settings(max_examples=settings.default.max_examples // 2)
@given(st.lists(deeds, min_size=2, max_size=12))
def test_whatever_was_done_can_be_done_again(architecture: str, done: list[tuple[str, Any]]):
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)

        def reopen() -> LiveRun:
            return open_run(directory / "run", architecture)

        run = reopen()
        for deed, argument in done:
            run = act(run, deed, argument, reopen)
        train_steps(run, 2)
        run.close()
        lineage = read_lineage(directory / "run" / "model" / FILE_NAME)
        again = open_session(directory / "again", architecture)
        replay = Replay(again, lineage)
        again.train([replay])
        assert (replay.difference, replay.done) == ("", True)
        assert checksum(again) == bits(run)
        assert again.settings.model_dump(exclude={"model_directory", "output_directory"}) == (
            run.session.settings.model_dump(exclude={"model_directory", "output_directory"})
        )
        assert again.trainer.log.curve == run.session.trainer.log.curve


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A directory with a run that was changed, stopped, rewound and finished."""
    run = open_run(tmp_path)
    train_steps(run, 2)
    run.apply([setting("learning-rate", 0.02), {"kind": "clamp", "layer": 1, "neuron": 1, "value": 0.25}])
    train_steps(run, 2)
    name = run.snapshot()["name"]
    train_steps(run, 2)
    run.apply([setting("optimizer", "sgd")])
    train_steps(run, 2)
    run.rewind(name)
    run.apply([{"kind": "lock", "layer": 2, "neuron": 1, "locked": True}])
    run.train(lambda: None)
    run.close()
    return tmp_path


def replay(directory: Path, *more: object) -> int:
    places = ("--model-directory", directory / "again", "--output-directory", directory / "output")
    return run_program("replay", directory / "model" / FILE_NAME, *places, *more)


def edit(directory: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the events of a journal."""
    path = directory / "model" / FILE_NAME
    events = [json.loads(line) for line in path.read_text().splitlines()]
    change(events)
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events))


def test_the_command_trains_again_compares_and_says_so(changed: Path, capsys: pytest.CaptureFixture[str]):
    assert replay(changed) == 0
    printed = capsys.readouterr().out
    assert f"compared   4 checksums of {changed / 'model' / FILE_NAME} are the same" in printed
    first, second = (load_snapshot(changed / name).arrays for name in ("model", "again"))
    assert first.keys() == second.keys()
    assert all((first[name] == second[name]).all() for name in first)


def test_a_replayed_model_goes_on_as_the_first_one_does(changed: Path):
    assert replay(changed) == 0
    for name in ("model", "again"):
        assert run_program("train", "--resume", "--epochs", 6, "--model-directory", changed / name) == 0
    first, second = (load_snapshot(changed / name) for name in ("model", "again"))
    assert all((first.arrays[name] == second.arrays[name]).all() for name in first.arrays)
    assert first.metadata["lineage"]["changes"] == second.metadata["lineage"]["changes"]


def test_the_first_step_that_differs_is_named(changed: Path, capsys: pytest.CaptureFixture[str]):
    def other_value(events: list[dict[str, Any]]) -> None:
        next(event for event in events if event["event"] == "change")["changes"][1]["value"] = 0.5

    edit(changed, other_value)
    assert replay(changed) == 1
    assert "differs    step 4 (stop): other parameters than those of the journal" in capsys.readouterr().out


def test_a_journal_longer_than_the_run_is_named(changed: Path, capsys: pytest.CaptureFixture[str]):
    edit(changed, lambda events: events[-1].update(step=999))
    assert replay(changed) == 1
    assert "differs    training ended at step 16, in the journal at 999" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda events: events.pop(0), ":1: a journal begins with its only begin event"),
        (lambda events: events.clear(), ":1: there is no event in it"),
        (lambda events: events[0].update(data="3 images"), ":1: the run had other images (3 images) than"),
        (
            lambda events: events[0]["settings"].update(width="0"),
            ":1: width=0: it should be a whole number from 1 to 4096",
        ),
        (lambda events: events[0]["settings"].update(colour="1"), ":1: colour=1: there is no such field"),
        (
            lambda events: events[2].update(step=-2),
            ":3: change: step: it should be at least 0",
        ),
        (
            lambda events: events[2]["changes"][1].update(layer=9),
            "step 2: change 2 (clamp): there is no layer 9",
        ),
        (
            lambda events: events[0]["settings"].update(epochs="", minutes="5"),
            "cannot be replayed: from step 0 on its schedule followed the minutes",
        ),
    ],
)
def test_a_journal_that_cannot_be_replayed_is_bad_input(
    changed: Path,
    change: Callable[[list[dict[str, Any]]], object],
    expected: str,
    capsys: pytest.CaptureFixture[str],
):
    edit(changed, change)
    assert replay(changed) == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert "Traceback" not in captured.err


def test_a_model_is_not_replayed_over_by_mistake(changed: Path, capsys: pytest.CaptureFixture[str]):
    assert replay(changed) == 0
    assert replay(changed) == 2
    assert "again: holds a model already; --model-directory takes another place" in capsys.readouterr().err
    assert replay(changed, "--overwrite") == 0


def test_a_run_of_minutes_with_a_constant_rate_is_replayed(tmp_path: Path):
    run = open_run(tmp_path, schedule="constant", epochs="", minutes=1)
    train_steps(run, 5)
    run.apply([setting("minutes", 2)])
    train_steps(run, 3)
    run.close()
    assert replay(tmp_path) == 0
