"""Candidates that Optuna suggests: TPE and CMA-ES, asked in fixed batches.

A study is made anew in memory for every batch, and everything so far is asked for and told again. So what is
suggested follows from the sweep and its results alone, and a sweep that is resumed goes on where it was. A
seeded sampler of a study that is loaded would begin its draws again, and CMA-ES, which keeps its state in
attributes of the trials, would forget it where these are made anew from their results.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from experiments.sweep.space import Candidate, Parameter, Scalar, describe, rounded
from experiments.sweep.sweep import Sweep
from workbench.errors import InputError

ATTEMPTS = 100
"""Suggestions in search of one that the filters allow."""


def suggest(sweep: Sweep, before: Sequence[Candidate], scores: Sequence[float | None]) -> list[Candidate]:
    """Return the next batch; see `experiments.sweep.search.next_candidates`."""
    optuna = _optuna(sweep)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", optuna.exceptions.ExperimentalWarning
        )  # several settings together, and running trials
        study = optuna.create_study(direction=sweep.file.objective.direction, sampler=_sampler(optuna, sweep))
    search = sweep.file.search
    assert search.candidates is not None
    for first in range(0, len(before), search.batch):
        last = min(first + search.batch, len(before))
        worst = _worst(sweep, scores[:first])
        asked = [_ask(study, sweep, worst) for _ in range(first, last)]
        _check_same(sweep, [each for _, each in asked], before[first:last])
        values = _told(sweep, scores[:last])[first:]
        for (trial, _), value in zip(asked, values, strict=True):
            study.tell(trial, value)
    count = min(search.batch, search.candidates - len(before))
    worst = _worst(sweep, scores)
    return [_ask(study, sweep, worst)[1] for _ in range(count)]


def _optuna(sweep: Sweep) -> Any:
    try:
        import cmaes  # noqa: F401, PLC0415 - of the same extra
        import optuna  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            f"{sweep.path}: search.kind: {sweep.file.search.kind} needs Optuna: "
            "pip install 'ganglion[search]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _sampler(optuna: Any, sweep: Sweep) -> Any:
    search, seed = sweep.file.search, sweep.file.seed
    if search.kind == "tpe":
        return optuna.samplers.TPESampler(
            seed=seed,
            n_startup_trials=search.startup,
            multivariate=True,  # settings together: which rate is good depends on the optimizer
            group=True,  # of those that exist under the same conditions
            constant_liar=True,
        )
    return optuna.samplers.CmaEsSampler(seed=seed, popsize=search.batch, warn_independent_sampling=False)


def _ask(study: Any, sweep: Sweep, worst: float | None) -> tuple[Any, Candidate]:
    """Return a suggestion that the filters allow, and Optuna's trial of it.

    One that they forbid counts as the worst so far for TPE, which would suggest it for ever: what it has not
    tried is what it knows least of. For CMA-ES, whose generations are batches, it counts for nothing.
    """
    for _ in range(ATTEMPTS):
        trial = study.ask()
        candidate: dict[str, Scalar] = {}
        for name, parameter in sweep.space.items():
            if parameter.exists(candidate):
                candidate[name] = _suggested(trial, name, parameter)
        if sweep.allows(candidate):
            return trial, candidate
        if worst is None or sweep.file.search.kind == "cma_es":
            study.tell(trial, state=_failed())
        else:
            study.tell(trial, worst)
    raise InputError(
        f"{sweep.path}: filters: forbid {ATTEMPTS} suggestions in a row, the last of them "
        f"{describe(candidate)}: loosen them, or make the space smaller"
    )


def _failed() -> Any:
    from optuna.trial import TrialState  # noqa: PLC0415 - an extra

    return TrialState.FAIL


def _suggested(trial: Any, name: str, parameter: Parameter) -> Scalar:
    if parameter.choice is not None:  # by its place: values that are lists would come back as others
        chosen: Scalar = parameter.choice[trial.suggest_categorical(name, range(len(parameter.choice)))]
        return chosen
    low, high = parameter.limits
    if parameter.integer is not None:
        reached = int(low) + int(high - low) // parameter.step * parameter.step
        return int(trial.suggest_int(name, int(low), reached, step=parameter.step, log=parameter.log))
    return rounded(float(trial.suggest_float(name, low, high, log=parameter.log)), (low, high))


def _told(sweep: Sweep, scores: Sequence[float | None]) -> list[float]:
    """Return scores in which what failed has the worst of the others: so that it is not suggested again."""
    worst = _worst(sweep, scores)
    return [(worst or 0.0) if score is None else score for score in scores]


def _worst(sweep: Sweep, scores: Sequence[float | None]) -> float | None:
    """Return the worst score; None where there is none."""
    known = [score for score in scores if score is not None]
    worst = min if sweep.file.objective.direction == "maximize" else max
    return worst(known, default=None)


def _check_same(sweep: Sweep, asked: Sequence[Candidate], before: Sequence[Candidate]) -> None:
    for now, then in zip(asked, before, strict=True):
        if now != then:
            raise InputError(
                f"{sweep.path}: Optuna suggests {describe(now)} where it suggested {describe(then)} before: "
                "go on with the version that the sweep was begun with, and with the results that it had"
            )
