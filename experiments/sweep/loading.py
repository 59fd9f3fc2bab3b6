"""Sweeps read from their files, with all checked that can be before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from experiments.sweep.file import BUDGETS, IN_BATCHES, SweepFile, read_file
from experiments.sweep.programs import PROGRAMS, Programs, program_by_name
from experiments.sweep.programs.program import SweepProgram
from experiments.sweep.space import Candidate, Parameter, draw, grid_size
from experiments.sweep.sweep import Sweep
from experiments.sweep.variant import Variant
from experiments.toml_file import nearest
from workbench.errors import SettingsError
from workbench.settings.table import Given, to_key, to_name, to_text

PROBED = 100
"""Points of the space that are checked where candidates are suggested while the sweep runs."""

RATIO = re.compile(r"\s*/\s*")
"""Between two columns of which one is divided by the other."""


def load_sweep(path: Path, programs: Programs = PROGRAMS, variant: Variant | None = None) -> Sweep:
    """Read a sweep, and check all that can be checked before it runs.

    Parameters
    ----------
    path
        Of the file.
    programs
        Those that can be trained.
    variant
        What is to be other than in the file.

    Raises
    ------
    SettingsError
        Naming file and key, and what to do.
    """
    file = read_file(path) if variant is None else variant.of(read_file(path), path)
    sweep = unchecked_sweep(path, file, programs, variant)
    _check_values(sweep)
    _check_budget(sweep)
    _check_search(sweep)
    _check_filters(sweep)
    return sweep


def unchecked_sweep(
    path: Path, file: SweepFile, programs: Programs = PROGRAMS, variant: Variant | None = None
) -> Sweep:
    """Return a sweep of what its file says; whether its program takes all values is not looked at.

    Raises
    ------
    SettingsError
        When there is no such program, or setting.
    """
    if file.program not in programs:
        raise SettingsError(
            f"{path}: program: unknown {file.program!r}{nearest(file.program, list(programs))}"
        )
    program = program_by_name(file.program, programs)
    return Sweep(path, file, program, _fixed(path, file, program), _space(path, file, program), variant)


def _fixed(path: Path, file: SweepFile, program: SweepProgram) -> dict[str, Given]:
    fixed = {}
    for key, value in file.settings.items():
        place = f"{path}: settings.{key}"
        fixed[_setting(program, key, f"{path}: settings")] = Given(to_text(value), place)
    return fixed


def _setting(program: SweepProgram, key: str, place: str) -> str:
    """Return the setting that a key stands for, of those that a sweep leaves to its file."""
    name = program.table.known_name(key, place)
    owned = {"seed": "[seeds] says how many", **dict.fromkeys(BUDGETS, "[budget] says it")}
    owned |= dict.fromkeys(program.places, "every trial has a folder of its own")
    owned |= program.left_out
    if name in owned:
        raise SettingsError(f"{place}.{key}: leave it out: {owned[name]}")
    return name


def _space(path: Path, file: SweepFile, program: SweepProgram) -> dict[str, Parameter]:
    if not file.space:
        raise SettingsError(f"{path}: space: is empty: name at least one setting and what it can be")
    space: dict[str, Parameter] = {}
    for key, parameter in file.space.items():
        name, place = _setting(program, key, f"{path}: space"), f"{path}: space.{key}"
        if name in space or name in map(to_name, file.settings):
            raise SettingsError(f"{place}: is given in two places: keep one")
        when = {to_name(other): values for other, values in parameter.when.items()}
        for other, values in when.items():
            _check_condition(f"{place}.when", space, other, values)
        space[name] = parameter.model_copy(update={"when": when})
    return space


def _check_condition(place: str, space: Mapping[str, Parameter], other: str, values: tuple[Any, ...]) -> None:
    if other not in space:
        known = [to_key(name) for name in space]
        hint = nearest(to_key(other), known) if known else ""
        raise SettingsError(f"{place}: {to_key(other)} does not stand above it in the space{hint}")
    for value in values:
        if not space[other].can_be(value):
            raise SettingsError(f"{place}: {to_key(other)} is never {to_text(value)!r}")


def _check_values(sweep: Sweep) -> None:
    """Refuse values that a setting cannot have, whatever the others are."""
    for name, parameter in sweep.space.items():
        values = parameter.choice if parameter.choice is not None else parameter.limits
        for value in values:
            given = {name: Given(to_text(value), f"{sweep.path}: space.{to_key(name)}")}
            table = sweep.program.table
            try:
                table.model(**{name: given[name].value})
            except ValidationError as error:
                if any(each["loc"] for each in error.errors()):
                    table.make(given)


def _check_budget(sweep: Sweep) -> None:
    units = list(sweep.program.counters)
    if sweep.file.budget.unit not in units:
        raise SettingsError(
            f"{sweep.path}: budget.{sweep.file.budget.unit}: {sweep.file.program} counts {' or '.join(units)}"
        )


def _check_search(sweep: Sweep) -> None:
    search, place = sweep.file.search, f"{sweep.path}: search"
    if search.kind == "grid":
        _check_grid(sweep, place)
    if search.kind == "cma_es":
        _check_continuous(sweep, place)
    if search.kind == "halving":
        assert search.first is not None
        if search.first >= sweep.file.budget.amount:
            raise SettingsError(
                f"{place}.first: {search.first:g} should be below the budget of a whole trial"
            )
        if sweep.file.budget.unit != "minutes" and search.first != int(search.first):
            raise SettingsError(f"{place}.first: give a whole number of {sweep.file.budget.unit}")
    if search.kind in (*IN_BATCHES, "halving"):
        generator = np.random.default_rng(sweep.file.seed)
        for _ in range(PROBED):
            _check_probe(sweep, draw(sweep.space, generator))


def _check_probe(sweep: Sweep, candidate: Candidate) -> None:
    if sweep.forbids(candidate):
        return
    settings = sweep.check(candidate)
    if sweep.file.search.kind != "halving":
        return
    for name, values in sweep.program.lasting.items():
        if getattr(settings, name) not in values:
            raise SettingsError(
                f"{sweep.path}: search.kind: halving lets trials go on with a longer budget, and "
                f"{to_key(name)}={getattr(settings, name)} follows its length: take "
                f"{to_key(name)} = {' or '.join(map(repr, values))}"
            )


def _check_grid(sweep: Sweep, place: str) -> None:
    for name, parameter in sweep.space.items():
        try:
            parameter.grid()
        except ValueError as error:
            raise SettingsError(f"{sweep.path}: space.{to_key(name)}: {error}") from error
    size, largest = grid_size(sweep.space), sweep.file.search.largest
    if size > largest:
        raise SettingsError(
            f"{place}.largest: the grid has {size:,} points, each trained {sweep.file.seeds} times, and "
            f"{largest:,} is the largest that is taken: search at random, or say largest = {size}"
        )


def _check_continuous(sweep: Sweep, place: str) -> None:
    for name, parameter in sweep.space.items():
        if parameter.choice is not None or parameter.when:
            what = "a choice" if parameter.choice is not None else "a condition"
            raise SettingsError(
                f"{place}.kind: cma_es knows numbers alone, and {to_key(name)} has {what}: take tpe"
            )
    if len(sweep.space) < 2:
        raise SettingsError(f"{place}.kind: cma_es needs two settings to search, and there is one: take tpe")


def _check_filters(sweep: Sweep) -> None:
    filters = sweep.file.filters
    known = {*sweep.space, *sweep.fixed}
    for number, forbidden in enumerate(filters.forbidden):
        for key in forbidden:
            if to_name(key) not in known:
                hint = nearest(to_key(key), [to_key(name) for name in known])
                raise SettingsError(
                    f"{sweep.path}: filters.forbidden.{number}.{key}: is not in the sweep{hint}"
                )
        if not forbidden:
            raise SettingsError(
                f"{sweep.path}: filters.forbidden.{number}: forbids everything: name settings"
            )
    if filters.memory_mib is not None and sweep.program.memory is None:
        raise SettingsError(
            f"{sweep.path}: filters.memory_mib: {sweep.file.program} makes no estimate of its memory: "
            "leave it out"
        )


def check_statistics(sweep: Sweep, settings: Iterable[Any]) -> None:
    """Refuse statistics that none of the trials records.

    Parameters
    ----------
    sweep
        Whose.
    settings
        Of candidates.
    """
    objective = sweep.file.objective
    named = {"objective.statistic": objective.statistic}
    named |= {
        f"filters.limits.{at}.statistic": each.statistic for at, each in enumerate(sweep.file.filters.limits)
    }
    named |= {f"objective.columns.{at}": each for at, each in enumerate(objective.columns)}
    known = list(dict.fromkeys(name for each in settings for name in sweep.program.statistics(each)))
    for place, statistic in named.items():
        for part in RATIO.split(statistic):
            if part not in known:
                raise SettingsError(f"{sweep.path}: {place}: {part!r} is not recorded{nearest(part, known)}")
