"""The run of a pair: it is stopped and continued, and says where it stands."""

from typing import Any

import numpy as np
import pytest

from networks.gan.round import GanDiverged
from nn.training.interrupts import INTERRUPTED
from nn.training.limits import Limits
from tests.support.gan_pairs import trainer
from tests.support.gan_watching import made_run
from workbench.errors import OperationError
from workbench.inspect.gan_inspector import GanInspector
from workbench.run.gan_run import GanRun
from workbench.run.messages import pack
from workbench.run.operations import GAN_OPERATIONS, OPERATIONS, Opened, about, dispatch
from workbench.run.run_state import PAUSED

pytestmark = pytest.mark.usefixtures("one_thread")

ROUNDS = 3
"""Of an epoch."""


def test_it_is_stopped_goes_on_and_comes_to_its_end():
    run = made_run(trainer(), Limits(4, None))
    assert run.state == "idle"
    run.announce()
    assert (run.state, run.starting) == ("training", True)
    seen = []

    def between() -> None:
        seen.append((run.state, run.starting))
        if run.trainer.step == 5:
            run.stop()

    run.train(between)
    assert seen == [("training", False)] * 5
    assert (run.state, run.reason, run.interrupted) == ("idle", PAUSED, False)
    assert run.step() == {"step": 6}
    assert run.start() == {} and run.state == "training"
    run.train(lambda: None)
    assert (run.state, run.reason, run.trainer.step) == ("finished", "done", 4 * ROUNDS)
    for operation in (run.start, run.step):
        with pytest.raises(OperationError, match="has ended"):
            operation()
    assert run.why_ended() == "the program ended at round 12"


def test_an_announced_start_is_taken_back():
    run = made_run(trainer())
    run.start()
    run.stop()
    assert run.state == "idle"


def test_what_cannot_be_asked_while_it_trains_is_refused():
    run = made_run(trainer(), Limits(1, None))
    errors = []

    def between() -> None:
        for operation in (run.start, run.step):
            with pytest.raises(OperationError, match="while training goes on") as error:
                operation()
            errors.append(error)

    run.train(between)
    assert len(errors) == 2 * ROUNDS


def test_a_run_that_ends_early_says_why():
    run = made_run(trainer())
    run.train(lambda: run.trainer.stop("it is good enough"))
    assert (run.state, run.status()["message"]) == ("finished", "it is good enough")
    other = made_run(trainer())
    other.train(lambda: other.trainer.stop(INTERRUPTED))
    assert other.interrupted and other.why_ended() == "training was interrupted after round 1"


def test_a_run_that_diverges_is_left_as_it_was():
    run = made_run(trainer())

    def spoil() -> None:
        run.trainer.gan.discriminator.parameters.values[:] = np.nan

    run.train(spoil)
    assert run.state == "diverged" and isinstance(run.error, GanDiverged)
    assert "not finite" in run.status()["message"] and "after round 1" in run.why_ended()
    with pytest.raises(OperationError, match="has ended"):
        run.start()
    with pytest.raises(RuntimeError, match="a fault"):
        made_run(trainer()).train(_fail)


def _fail() -> None:
    raise RuntimeError("a fault of the program")


def score(run: GanRun) -> None:
    """Judge the generator after epochs."""
    for number, row in enumerate(run.trainer.rows):
        row.scores["mmd"] = 1.0 / (number + 1)


def test_status_and_curves_have_both_sides():
    run = made_run(trainer(), Limits(2, None), score="mmd", held_out=4)
    empty = run.status()
    assert empty["generator_loss"] is None and empty["score"] is None and empty["seconds_left"] is None
    run.train(lambda: score(run))
    score(run)
    status, curve = run.status(), run.curve()
    figures = run.trainer.figures
    assert status["generator_loss"] == figures["generator"].loss
    assert status["discriminator_loss"] == figures["discriminator"].loss
    assert (status["real_score"], status["score"]) == (figures["discriminator"].real_score, 0.5)
    assert (status["step"], status["epoch"], status["epochs"]) == (6, 2, 2)
    assert status["milliseconds_per_step"] > 0 and status["seconds_left"] == 0
    for chart, names in (("losses", ("generator", "discriminator")), ("scores", ("real", "generated"))):
        faint, solid = curve[chart][:2], curve[chart][2:]
        assert tuple(line["name"] for line in faint) == tuple(line["name"] for line in solid) == names
        assert all(line["steps"] == [1, 2, 3, 4, 5, 6] and line["faint"] for line in faint)
        assert all(line["steps"] == [3, 6] and not line["faint"] for line in solid)
    rows = run.trainer.rows
    assert curve["losses"][2]["values"] == [row.generator_loss for row in rows]
    assert curve["scores"][2]["values"] == [row.real_score for row in rows]
    assert (curve["validation"][0]["steps"], curve["validation"][0]["values"]) == ([3, 6], [1.0, 0.5])
    assert [chart["key"] for chart in run.overview()["charts"]] == ["losses", "scores", "validation"]
    assert [chart["key"] for chart in made_run(trainer()).overview()["charts"]] == ["losses", "scores"]


def test_the_other_network_is_chosen_by_name():
    run = made_run(trainer())
    before = run.run
    run.choose_network("generator")
    assert (run.run, run.status()["network"]) == (before, "generator")
    run.choose_network("discriminator")
    assert (run.run, run.status()["network"]) == (before + 1, "discriminator")
    assert run.overview()["network"]["parameters"] == run.trainer.gan.discriminator.parameters.size
    with pytest.raises(OperationError, match="network 'critic': give one of generator, discriminator"):
        run.choose_network("critic")


@pytest.mark.parametrize(
    ("op", "args"),
    [
        *((name, {}) for name in ("overview", "status", "curve", "samples", "set_baseline", "step")),
        ("frame", {"kinds": ["values", "change"]}),
        ("show", {"source": "training", "position": 3, "entry": 0}),
        ("strongest", {"layer": 1, "count": 3}),
        ("choose_network", {"name": "discriminator"}),
    ],
)
def test_every_operation_has_an_answer_that_can_be_sent(op: str, args: dict[str, Any]):
    run = made_run(trainer())
    opened = Opened(run, GanInspector(run), "", GAN_OPERATIONS)
    pack(*dispatch(opened, op, args))
    assert about(opened)["operations"] == list(GAN_OPERATIONS)


def test_nothing_of_a_pair_can_be_changed():
    run = made_run(trainer())
    opened = Opened(run, GanInspector(run), "", GAN_OPERATIONS)
    for op in OPERATIONS.keys() - GAN_OPERATIONS.keys():
        with pytest.raises(OperationError, match="no operation"):
            dispatch(opened, op, {})
