#!/usr/bin/env bash
# Optuna 5.0.0 (with cmaes 0.13.1): what becomes of a study that is resumed, and what its pruners go by.
#
# 1. A sampler with a seed begins its draws again where a study is loaded: the first suggestions come twice.
# 2. GridSampler tries every point once, unless the study is gone on with by a sampler of another seed: then some
#    points are tried twice, others never. A point whose trial failed counts as tried. Where the grid is used up,
#    `tell` raises, after it has told.
# 3. CMA-ES keeps its state in attributes of the trials. In a study that is made anew from parameters and values,
#    as `add_trial` and `create_trial` do, it begins again every time, and does not improve.
# 4. Which trials Hyperband prunes depends on the name of the study.
# 5. Choices that are tuples come back as lists from a database.
# 6. MedianPruner compares the best report of a trial so far: one that was good once is never pruned, though it
#    diverges to a million or to NaN.
#
# Seen with these versions on Python 3.11, Linux: the output below. Fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check optuna==5.0.0 cmaes==0.13.1

cat >"$folder/finding.py" <<'PYTHON'
import warnings

warnings.filterwarnings("ignore")

import cmaes
import optuna
from optuna.distributions import FloatDistribution
from optuna.samplers import CmaEsSampler, GridSampler, RandomSampler, TPESampler
from optuna.trial import TrialState, create_trial

optuna.logging.set_verbosity(optuna.logging.CRITICAL)


def loaded(storage, sampler):
    return optuna.create_study(storage=storage, study_name="study", load_if_exists=True, sampler=sampler)


def resumed(storage):
    study, points = loaded(storage, TPESampler(seed=0)), []
    for _ in range(3):
        trial = study.ask()
        points.append((trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)))
        study.tell(trial, sum(points[-1]))
    return points


def grid(first_seed, second_seed):
    storage, tried = optuna.storages.InMemoryStorage(), []

    def objective(trial):
        tried.append(trial.suggest_int("x", 0, 5))
        return 0

    for seed in (first_seed, second_seed):
        loaded(storage, GridSampler({"x": range(6)}, seed=seed)).optimize(objective, n_trials=3)
    return sorted(tried)


def failing_grid():
    study = optuna.create_study(sampler=GridSampler({"x": range(3)}, seed=0))

    def objective(trial):
        if trial.suggest_int("x", 0, 2) == 1:
            raise ValueError
        return 0

    study.optimize(objective, catch=(ValueError,))
    return sorted((trial.params["x"], trial.state.name) for trial in study.trials)


def told_grid():
    study = optuna.create_study(sampler=GridSampler({"x": range(1)}, seed=0))
    trial = study.ask()
    trial.suggest_int("x", 0, 0)
    try:
        study.tell(trial, 1)
    except RuntimeError as error:
        return f"{error} ({study.trials[0].state.name})"


def loss(point):
    return (point[0] - 0.9) ** 2 + (point[1] - 0.9) ** 2


def evolution(rebuilt, batches=10, size=6):
    study, done, unit = None, [], FloatDistribution(0, 1)
    for batch in range(batches):
        if rebuilt or study is None:
            study = optuna.create_study(sampler=CmaEsSampler(seed=batch, popsize=size))
            for point in done:
                values = {"params": dict(zip("xy", point)), "distributions": {"x": unit, "y": unit}}
                study.add_trial(create_trial(**values, value=loss(point)))
        trials = [study.ask() for _ in range(size)]
        points = [(trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)) for trial in trials]
        for trial, point in zip(trials, points):
            study.tell(trial, loss(point))
        done += points
    return sum(map(loss, done[-18:])) / 18


def band(name):
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=9)
    study = optuna.create_study(study_name=name, sampler=RandomSampler(seed=0), pruner=pruner)

    def objective(trial):
        value = trial.suggest_float("x", 0, 1)
        for step in range(9):
            trial.report(value, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    study.optimize(objective, n_trials=30)
    return [trial.number for trial in study.trials if trial.state == TrialState.PRUNED]


def tuple_from_database():
    study = optuna.create_study(storage="sqlite://")
    trial = study.ask()
    asked = trial.suggest_categorical("layers", [(4, 2), (3,)])
    study.tell(trial, 0)
    return type(asked).__name__, type(study.trials[0].params["layers"]).__name__


def median():
    study = optuna.create_study(pruner=optuna.pruners.MedianPruner(n_startup_trials=3))
    for _ in range(4):
        trial = study.ask()
        for step in range(4):
            trial.report(0.5, step)
        study.tell(trial, 0.5)
    trial, said = study.ask(), []
    for step, value in enumerate([0.4, 1e6, float("nan"), 1e6]):
        trial.report(value, step)
        said.append(bool(trial.should_prune()))
    return said


print("optuna", optuna.__version__, "cmaes", cmaes.__version__)
storage = optuna.storages.InMemoryStorage()
print("1 resumed study suggests the same again:", resumed(storage) == resumed(storage))
print("2 grid, same seed:", grid(0, 0))
print("2 grid, another seed:", grid(0, 2))
print("2 grid, failed:", *failing_grid())
print("2 grid, told:", told_grid())
one, anew = evolution(rebuilt=False), evolution(rebuilt=True)
print("3 CMA-ES, made anew, is ten times worse:", anew > 10 * one)
print("4 pruned alike whatever the name:", band("a") == band("b"))
print("5 choice:", *tuple_from_database())
print("6 pruned at 0.4, a million, NaN, a million:", *median())
PYTHON

cd "$folder"
"$folder/environment/bin/python" "$folder/finding.py" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
optuna 5.0.0 cmaes 0.13.1
1 resumed study suggests the same again: True
2 grid, same seed: [0, 1, 2, 3, 4, 5]
2 grid, another seed: [0, 1, 2, 2, 5, 5]
2 grid, failed: (0, 'COMPLETE') (1, 'FAIL') (2, 'COMPLETE')
2 grid, told: `Study.stop` is supposed to be invoked inside an objective function or a callback. (COMPLETE)
3 CMA-ES, made anew, is ten times worse: True
4 pruned alike whatever the name: False
5 choice: tuple list
6 pruned at 0.4, a million, NaN, a million: False False False False
SEEN
