"""Operations: the table has every operation of run and inspector, and all arguments are checked."""

import base64
import inspect
import json
import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoencoder.live.inspector import CodeInspector
from autoencoder.live.operations import OPERATIONS
from autoencoder.live.run import LiveRun
from tests.support.live_runs import open_run, train_steps
from workbench.errors import INTERNAL_ERROR, OperationError
from workbench.run.mailbox import HUNG_UP
from workbench.run.messages import pack, unpack
from workbench.run.operations import KINDS, Opened, check, dispatch
from workbench.run.request_loop import RequestLoop
from workbench.run.requests import CLOSE, Request

pytestmark = pytest.mark.usefixtures("one_thread")

NAN, INFINITY = math.nan, math.inf
BIAS = {"kind": "bias", "layer": 1, "neuron": 2, "value": 0.25}

GOOD: dict[str, dict[str, Any]] = {
    "apply": {"changes": [BIAS]},
    "journal": {"count": 10},
    "show": {"source": "training", "position": 3, "entry": 2},
    "own": {"image": [[[0]] * 8] * 8},
    "frame": {"kinds": list(KINDS)},
    "neuron": {"layer": 2, "neuron": 1},
    "connections": {"layer": 2, "neuron": 1},
    "strongest": {"layer": 1, "count": 20},
    "connection": {"layer": 2, "target": 1, "source": 3},
    "walk": {"action": "begin"},
    "decode": {"code": [0, 0.5, -1.5, 2]},
    "between": {"first": 0, "second": 5, "share": 0.5},
    "rewind": {"name": "step-00000003"},
    "delete_snapshot": {"name": "step-00000003"},
    "load_model": {"name": "model"},
    "choose_input": {"name": "built-in digits"},
    "reset": {"seed": None},
}

BAD: list[tuple[str, dict[str, Any]]] = [
    ("status", {"more": 1}),
    ("stop", {"self": None}),
    ("stop", {"x" * 100_000: None}),
    ("rewind", {}),
    ("rewind", {"name": ""}),
    ("rewind", {"name": 3}),
    ("rewind", {"name": "x" * 1001}),
    ("reset", {"seed": "1"}),
    ("reset", {"seed": -1}),
    ("reset", {"seed": 2**32}),
    ("reset", {"seed": True}),
    ("journal", {"count": 0}),
    ("journal", {"count": 2001}),
    ("show", {"source": "elsewhere", "position": 0, "entry": 0}),
    ("show", {"source": "training", "position": -1, "entry": 0}),
    ("show", {"source": "training", "position": 0, "entry": 8}),
    ("show", {"source": "training", "position": 0.0, "entry": 0}),
    ("own", {"image": 3}),
    ("own", {"image": []}),
    ("own", {"image": [[[256]]]}),
    ("own", {"image": [[[-1]]]}),
    ("own", {"image": [[[0.5]]]}),
    ("own", {"image": [[["0"]]]}),
    ("own", {"image": [[[0], [0]], [[0]]]}),
    ("own", {"image": [[[10**30]]]}),
    ("own", {"image": "image.png"}),
    ("own", {"image": {"path": "/etc/passwd"}}),
    ("own", {"image": {"shape": [1, 1, 1], "pixels": "AAAA"}}),
    ("own", {"image": {"shape": [1, 1, 1], "pixels": "?"}}),
    ("own", {"image": {"shape": [3], "pixels": "AAAA"}}),
    ("own", {"image": {"shape": [10**30, 1, 1], "pixels": "AAAA"}}),
    ("own", {"image": {"shape": "rgb", "pixels": "AAAA"}}),
    ("frame", {"kinds": ["pictures"]}),
    ("frame", {"kinds": ["values"] * 5}),
    ("frame", {"kinds": "values"}),
    ("neuron", {"layer": 2**31, "neuron": 0}),
    ("neuron", {"layer": True, "neuron": 0}),
    ("neuron", {"layer": None, "neuron": 0}),
    ("strongest", {"layer": 1, "count": 2001}),
    ("walk", {"action": "jump"}),
    ("decode", {"code": []}),
    ("decode", {"code": [NAN, 0, 0, 0]}),
    ("decode", {"code": [INFINITY, 0, 0, 0]}),
    ("decode", {"code": [0.0] * 65_537}),
    ("decode", {"code": ["0", 0, 0, 0]}),
    ("between", {"first": 0, "second": 1, "share": 1.5}),
    ("between", {"first": 0, "second": 1, "share": NAN}),
]

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveRun, CodeInspector]]:
    """A run after three steps with a snapshot, and its inspector."""
    run = open_run(tmp_path_factory.mktemp("watched"))
    train_steps(run, 3)
    run.snapshot()
    yield run, CodeInspector(run)
    run.close()


def test_operations_are_methods_with_the_same_arguments():
    for name, operation in OPERATIONS.items():
        method = getattr(CodeInspector if operation.inspects else LiveRun, name)
        parameters = inspect.signature(method).parameters.keys() - {"self"}
        assert parameters == operation.arguments.model_fields.keys(), name


@pytest.mark.parametrize("op", OPERATIONS)
def test_every_operation_gives_what_a_message_can_hold(op: str, watched: tuple[LiveRun, CodeInspector]):
    header, arrays = dispatch(Opened(*watched, "", OPERATIONS), op, GOOD.get(op, {}))
    found, packed = unpack(pack(header, arrays))
    assert found == json.loads(json.dumps(header))
    assert packed.keys() == arrays.keys()


@pytest.mark.parametrize(("op", "args"), BAD, ids=lambda value: repr(value)[:40])
def test_arguments_of_another_kind_are_refused(op: str, args: dict[str, Any]):
    with pytest.raises(OperationError, match=f"^{op}: ") as caught:
        check(op, args, OPERATIONS)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("op", ["", "close", "__init__", "session", "train", "_use", "x" * 100_000])
def test_what_is_no_operation_is_refused(op: str, watched: tuple[LiveRun, CodeInspector]):
    with pytest.raises(OperationError, match="there are overview, status, ") as caught:
        dispatch(Opened(*watched, "", OPERATIONS), op, {})
    assert len(str(caught.value)) < 500


@given(st.sampled_from(sorted(GOOD)), ANYTHING, st.data())
def test_any_argument_is_taken_or_refused(op: str, value: object, data: st.DataObject):
    args = dict(GOOD[op])
    args[data.draw(st.sampled_from(sorted(args)))] = value
    try:
        checked = check(op, args, OPERATIONS)
    except OperationError as error:
        assert len(str(error)) < 1000
    else:
        assert checked.keys() == GOOD[op].keys()


def test_an_image_becomes_an_array_of_bytes():
    rows = np.arange(48).reshape(4, 4, 3)
    packed = {"shape": [4, 4, 3], "pixels": base64.b64encode(bytes(range(48))).decode()}
    for image in (rows.tolist(), rows, rows.astype(np.uint8), packed):
        found = check("own", {"image": image}, OPERATIONS)["image"]
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, rows)


class Box:
    """A mailbox without a pipe: requests and answers."""

    def __init__(self, *requests: Request) -> None:
        self.requests = [*requests, HUNG_UP]
        self.answers: dict[int, dict[str, Any]] = {}

    def next(self, seconds: float = 0.0) -> Request | None:
        return self.requests.pop(0) if self.requests else None

    def next_command(self) -> Request | None:
        first = self.requests[0].op if self.requests else ""
        return self.next() if first == CLOSE or (first in OPERATIONS and OPERATIONS[first].commands) else None

    def send(self, message: bytes, *, answers: bool = True) -> None:
        header = unpack(message)[0]
        self.answers[header["id"]] = header


def answer(run: LiveRun, inspector: CodeInspector, *requests: Request) -> dict[int, dict[str, Any]]:
    """The answers to requests, by their numbers."""
    box = Box(*requests)
    RequestLoop(Opened(run, inspector, "", OPERATIONS), box).serve()  # type: ignore[arg-type]
    return box.answers


def test_errors_are_told_as_they_are_and_faults_of_the_program_are_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    run = open_run(tmp_path)
    inspector = CodeInspector(run)

    def fail(**args: int) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(inspector, "neuron", fail)
    bad_change = {"changes": [{**BIAS, "neuron": 999}]}
    with caplog.at_level(logging.ERROR):
        answers = answer(
            *(run, inspector),
            Request(1, "neuron", {"layer": 1, "neuron": 0}),
            Request(2, "apply", bad_change),
            Request(3, "rewind", {"name": "../../model"}),
            Request(4, "nothing", {}),
            Request(5, "status", {}),
        )
    assert answers[1]["error"] == INTERNAL_ERROR
    assert "a secret" in caplog.text
    assert answers[2]["error"].startswith("change 1 (bias): ")
    assert answers[3]["error"].startswith("there is no snapshot '../../model'")
    assert answers[4]["error"].startswith("no operation 'nothing'")
    assert answers[5]["step"] == 0
    assert len(caplog.records) == 1


def test_a_frame_is_made_again_when_something_may_have_changed(tmp_path: Path):
    run = open_run(tmp_path)
    inspector = CodeInspector(run)
    changes = [
        ("set_baseline", {}),
        ("step", {}),
        ("apply", GOOD["apply"]),
        ("show", {"source": "training", "position": 1, "entry": 0}),
        ("own", {"image": [[[9] * run.session.settings.channels] * 8] * 8}),
        ("walk", {"action": "begin"}),
    ]
    loop = RequestLoop(Opened(run, inspector, "", OPERATIONS), Box())  # type: ignore[arg-type]

    def frame(after: int | None = None) -> dict[str, Any]:
        return loop._do(Request(1, "frame", {"kinds": ["values"], "after": after}))[0]

    version = frame()["version"]
    for op, args in changes:
        assert frame(version)["unchanged"]
        loop._do(Request(2, "neuron", {"layer": 1, "neuron": 0}))
        assert frame(version)["unchanged"]
        loop._do(Request(3, op, args))
        changed = frame(version)
        assert "unchanged" not in changed, op
        version = changed["version"]


def test_a_command_is_done_after_the_step_in_which_it_came_whatever_looks_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = open_run(tmp_path)
    inspector = CodeInspector(run)
    monkeypatch.setattr(inspector, "neuron", lambda **args: time.sleep(0.1))  # the next look is long after it
    look = {"layer": 1, "neuron": 0}
    requests = (Request(1, "start", {}), Request(2, "neuron", look), Request(3, "stop", {}))
    answers = answer(run, inspector, *requests)
    assert "error" not in answers[3]
    assert run.session.trainer.step == 2


def test_started_training_is_stopped_by_the_end_and_saved(tmp_path: Path):
    run = open_run(tmp_path)
    answers = answer(run, CodeInspector(run), Request(1, "start", {}), Request(2, "start", {}))
    assert "error" not in answers[1]
    assert answers[2]["error"] == "cannot start while training goes on: stop it first"
    assert (tmp_path / "model" / "model.safetensors").is_file()
