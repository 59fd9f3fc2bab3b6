"""Search: the same candidates from the same results, whatever happened in between; none that is forbidden."""

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.sweep.halving import promoted, rungs
from experiments.sweep.search import next_candidates
from experiments.sweep.space import Candidate
from experiments.sweep.sweep import Sweep
from tests.support.sweep_files import sweep_of

NUMBERS = {"rate": {"real": [0.01, 10], "log": True}, "units": {"integer": [1, 100]}}
MIXED = {
    "kind": {"choice": ["plain", "wide"]},
    "width": {"integer": [1, 9], "step": 2, "when": {"kind": "wide"}},
    "rate": {"real": [0.01, 10], "log": True},
}


def loss(candidate: Candidate) -> float:
    return (candidate["rate"] - 0.3) ** 2 + candidate.get("units", 50) / 100 + candidate.get("width", 5) / 9


def search(
    sweep: Sweep, score: Callable[[Candidate], float | None] = loss
) -> tuple[list[Candidate], list[float | None]]:
    before: list[Candidate] = []
    while new := next_candidates(sweep, before, [score(each) for each in before]):
        before += new
    return before, [score(each) for each in before]


def suggested(folder: Path, kind: str, space=NUMBERS, count=20, batch=4, **parts) -> Sweep:
    pytest.importorskip("optuna")
    return sweep_of(folder, space=space, search={"kind": kind, "candidates": count, "batch": batch}, **parts)


def test_random_candidates_are_the_same_for_a_seed_and_differ_from_each_other(tmp_path: Path):
    kind = {"kind": "random", "candidates": 12}
    one = next_candidates(sweep_of(tmp_path, space=MIXED, search=kind))
    assert one == next_candidates(sweep_of(tmp_path, space=MIXED, search=kind))
    assert one != next_candidates(sweep_of(tmp_path, space=MIXED, search=kind, seed=1))
    longer = next_candidates(sweep_of(tmp_path, space=MIXED, search={**kind, "candidates": 15}))
    assert longer[:12] == one
    assert all(each not in one[:place] for place, each in enumerate(one))


@pytest.mark.parametrize("search_", [{"kind": "grid"}, {"kind": "random", "candidates": 3}])
def test_what_is_forbidden_or_too_large_is_left_out(tmp_path: Path, search_):
    space = {"kind": {"choice": ["plain", "wide"]}, "units": {"choice": [1, 50, 950]}}
    filters = {"forbidden": [{"kind": "wide", "units": [50, 950]}], "memory_mib": 60}
    found = next_candidates(sweep_of(tmp_path, space=space, search=search_, filters=filters))
    expected = [("plain", 1), ("plain", 50), ("wide", 1)]
    assert sorted((each["kind"], each["units"]) for each in found) == expected


def test_a_forbidden_value_of_all_trials_counts(tmp_path: Path):
    filters = {"forbidden": [{"rate": 0.3, "units": 5}]}
    found = next_candidates(sweep_of(tmp_path, settings={"units": 5}, filters=filters))
    assert found == [{"rate": 0.1}]


@pytest.mark.parametrize(("kind", "space"), [("tpe", NUMBERS), ("tpe", MIXED), ("cma_es", NUMBERS)])
def test_suggestions_follow_from_the_results_alone(tmp_path: Path, kind, space):
    sweep = suggested(tmp_path, kind, space)
    candidates, scores = search(sweep)
    assert len(candidates) == 20
    again = next_candidates(sweep, candidates[:16], scores[:16])
    assert again == candidates[16:]
    others = [*scores[:12], *(-score for score in scores[12:16])]
    assert next_candidates(sweep, candidates[:16], others) != candidates[16:]


def test_as_many_as_the_file_says_are_drawn_before_results_count(tmp_path: Path):
    sweep = suggested(tmp_path, "tpe", count=6, batch=2)
    for startup in (2, 4, 9):
        search_ = sweep.file.search.model_copy(update={"startup": startup})
        changed = replace(sweep, file=sweep.file.model_copy(update={"search": search_}))
        up, down = search(changed)[0], search(changed, lambda candidate: -loss(candidate))[0]
        assert up[:startup] == down[:startup]
        assert (up == down) == (startup == 9)


def test_settings_are_suggested_together(tmp_path: Path):
    """One by one, each would be as good as others: what counts is which rate belongs to which kind."""
    space = {"kind": {"choice": ["plain", "wide"]}, "rate": {"real": [0.01, 10], "log": True}}

    def score(candidate: Candidate) -> float:
        return abs(math.log10(candidate["rate"]) - (0.7 if candidate["kind"] == "wide" else -1.7))

    _, scores = search(suggested(tmp_path, "tpe", space, count=80, batch=8), score)
    assert sum(scores[-24:]) < 0.5 * sum(scores[:24])


@pytest.mark.parametrize("kind", ["tpe", "cma_es"])
def test_a_resumed_search_does_not_suggest_its_first_candidates_again(tmp_path: Path, kind):
    """As a study does that is loaded with a sampler of the same seed."""
    candidates, _ = search(suggested(tmp_path, kind))
    assert all(each not in candidates[:place] for place, each in enumerate(candidates))


@pytest.mark.parametrize("kind", ["tpe", "cma_es"])
def test_suggestions_become_better(tmp_path: Path, kind):
    """CMA-ES would stay where it began if its state were lost between batches."""
    _, scores = search(suggested(tmp_path, kind, count=80, batch=8))
    assert sum(scores[-24:]) < 0.6 * sum(scores[:24])


@pytest.mark.parametrize("kind", ["tpe", "cma_es"])
def test_where_trials_fail_others_are_suggested(tmp_path: Path, kind):
    def score(candidate: Candidate) -> float | None:
        return None if candidate["rate"] > 0.3 else candidate["units"] / 100

    _, scores = search(suggested(tmp_path, kind, count=64, batch=8), score)
    assert scores[-24:].count(None) < scores[:24].count(None)


def test_directions(tmp_path: Path):
    sweep = suggested(
        tmp_path, "tpe", count=80, batch=8, objective={"statistic": "loss", "direction": "maximize"}
    )
    _, scores = search(sweep)
    assert sum(scores[-24:]) > sum(scores[:24])


def test_suggestions_that_are_forbidden_are_never_tried(tmp_path: Path):
    filters = {"forbidden": [{"kind": "plain"}]}
    candidates, _ = search(suggested(tmp_path, "tpe", MIXED, filters=filters))
    assert {each["kind"] for each in candidates} == {"wide"}
    with pytest.raises(ValueError, match="forbid 100 suggestions in a row"):
        search(suggested(tmp_path, "tpe", MIXED, filters={"forbidden": [{"kind": ["plain", "wide"]}]}))


def test_values_come_back_as_they_were_in_the_file(tmp_path: Path):
    """Optuna would return tuples as lists, and numbers as NumPy's."""
    space = {"layers": {"choice": [[4, 2], [3]]}, "kind": {"choice": ["plain", "wide"]}, **NUMBERS}
    sweep = suggested(tmp_path, "tpe", space)
    for candidate in next_candidates(sweep):
        assert [type(each) for each in candidate.values()] == [tuple, str, float, int]
        assert sweep.given(candidate)["layers"].value in ("4,2", "3")


@pytest.mark.parametrize("missing", ["optuna", "cmaes"])
def test_without_optuna_it_is_said_what_to_install(tmp_path: Path, monkeypatch, missing: str):
    sweep = suggested(tmp_path, "tpe")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ValueError, match=r"search\.kind: tpe needs Optuna: pip install 'ganglion\[search\]'"):
        next_candidates(sweep)


def test_another_version_of_optuna_is_noticed(tmp_path: Path):
    sweep = suggested(tmp_path, "tpe")
    candidates, scores = search(sweep)
    altered = [{**candidates[0], "units": 7}, *candidates[1:4]]
    with pytest.raises(ValueError, match=r"Optuna suggests .* where it suggested .* before"):
        next_candidates(sweep, altered, scores[:4])


def halving(folder: Path, **parts) -> Sweep:
    kind = {"kind": "halving", "candidates": 9, "first": 2, "factor": 3}
    return sweep_of(folder, space=NUMBERS, search=kind, budget={"epochs": 20}, **parts)


def test_rungs_end_with_the_whole_budget(tmp_path: Path):
    assert rungs(halving(tmp_path)) == [2, 6, 18, 20]
    assert rungs(sweep_of(tmp_path)) == [3]


def test_the_best_go_on(tmp_path: Path):
    sweep = halving(tmp_path)
    assert promoted(sweep, dict(enumerate([5, 1, None, 3, 1, 9, None, 2, 8.5]))) == [1, 4, 7]
    assert promoted(sweep, {3: 2.0, 8: 1.0}) == [8]
    assert promoted(sweep, {3: None, 8: None}) == []
    upwards = halving(tmp_path, objective={"statistic": "loss", "direction": "maximize"})
    assert promoted(upwards, dict(enumerate([5, 1, None, 3, 1, 9, None, 2, 8.5]))) == [0, 5, 8]
