"""The space of a sweep: which values each searched setting can take, and when it exists at all."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from experiments.toml_file import Section
from nn.short_text import shorten
from workbench.settings.table import to_key, to_text

DIGITS = 4
"""Significant digits of a real number that is drawn: command lines stay readable."""

Scalar = str | int | float | bool | tuple[Any, ...]
"""A value of a setting, as a sweep file has it: a list has become a tuple."""

Candidate = Mapping[str, Scalar]
"""A point of the space: values by the names of settings, of those alone that exist there."""


def as_scalar(value: Any) -> Scalar:
    """Return a value of a setting from a file; lists become tuples.

    Raises
    ------
    ValueError
        When it is a table, a date, or not finite.
    """
    if isinstance(value, list | tuple):
        return tuple(as_scalar(each) for each in value)
    if not isinstance(value, str | int | float | bool):
        raise ValueError(f"it should be a text, a number, true or false, or a list of those, not {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("it should be finite")
    return value


def _as_scalars(value: Any) -> tuple[Scalar, ...]:
    return tuple(map(as_scalar, value if isinstance(value, list | tuple) else [value]))


Value = Annotated[Any, BeforeValidator(as_scalar)]
Values = Annotated[tuple[Any, ...], BeforeValidator(_as_scalars), Field(min_length=1)]
Whole = Annotated[int, Field(strict=True)]
Real = Annotated[float, Field(allow_inf_nan=False)]


class Parameter(Section):
    """What a searched setting can be.

    Attributes
    ----------
    choice
        These values.
    integer, real
        All numbers from the first to the second, both included.
    log
        Whether equal ratios, not equal differences, are equally far apart.
    step
        From one whole number to the next.
    points
        How many values of a range a grid takes.
    when
        The parameter exists only where these others, which stand above it, have such values.
    """

    choice: Values | None = None
    integer: tuple[Whole, Whole] | None = None
    real: tuple[Real, Real] | None = None
    log: bool = False
    step: Annotated[int, Field(ge=1)] = 1
    points: Annotated[int, Field(ge=1)] | None = None
    when: dict[str, Values] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_one_kind(self) -> Parameter:
        if sum(each is not None for each in (self.choice, self.integer, self.real)) != 1:
            raise ValueError("give one of choice = [...], integer = [low, high], real = [low, high]")
        if self.choice is not None:
            if self.log or self.step != 1 or self.points is not None:
                raise ValueError("log, step and points are for ranges, and this is a choice")
            if len(set(map(to_text, self.choice))) != len(self.choice):
                raise ValueError("a choice comes twice")
            return self
        low, high = self.limits
        if low >= high:
            raise ValueError(f"[{low}, {high}] is empty: the first should be below the second")
        if self.log and low <= 0:
            raise ValueError(f"a logarithmic range begins above 0, not at {low}")
        if self.step != 1 and (self.real is not None or self.log):
            raise ValueError("a step is for whole numbers without log")
        return self

    @property
    def limits(self) -> tuple[float, float]:
        """Of a range."""
        limits = self.integer or self.real
        assert limits is not None
        return limits

    def exists(self, candidate: Candidate) -> bool:
        """Return whether it exists beside these values of those above it."""
        return all(candidate.get(name, ()) in values for name, values in self.when.items())

    def can_be(self, value: Scalar) -> bool:
        """Return whether it has a value."""
        if self.choice is not None:
            return value in self.choice
        low, high = self.limits
        return isinstance(value, int | float) and low <= value <= high

    def value_at(self, share: float) -> Scalar:
        """Return the value at a share of the range, 0 to 1; of choices, all with as much of it."""
        if self.choice is not None:
            chosen: Scalar = self.choice[min(int(share * len(self.choice)), len(self.choice) - 1)]
            return chosen
        low, high = self.limits
        if self.integer is None:
            at = low * (high / low) ** share if self.log else low + share * (high - low)
            return rounded(at, (low, high))
        if self.log:  # half a number more on either side, so that both ends are as likely as others
            at = (low - 0.5) * ((high + 0.5) / (low - 0.5)) ** share
            return int(min(max(math.floor(at + 0.5), low), high))
        count = int(high - low) // self.step + 1
        return int(low) + self.step * min(int(share * count), count - 1)

    def grid(self) -> tuple[Scalar, ...]:
        """Return the values that a grid takes.

        Raises
        ------
        ValueError
            When a range does not say how many.
        """
        if self.choice is not None:
            return self.choice
        low, high = self.limits
        if self.points is None:
            if self.integer is None or self.log:
                raise ValueError("a grid needs points = N for a range of numbers, or a choice of them")
            return tuple(range(int(low), int(high) + 1, self.step))
        spaced = np.geomspace if self.log else np.linspace
        at = [float(each) for each in spaced(low, high, self.points)]
        if self.integer is None:
            return tuple(dict.fromkeys(rounded(each, (low, high)) for each in at))
        return tuple(dict.fromkeys(self._whole(each) for each in at))

    def _whole(self, at: float) -> int:
        low = int(self.limits[0])
        return low + self.step * round((at - low) / self.step)


def rounded(number: float, limits: tuple[float, float]) -> float:
    """Return a number with few digits, within limits."""
    return min(max(float(f"{number:.{DIGITS}g}"), limits[0]), limits[1])


Space = Mapping[str, Parameter]


def draw(space: Space, generator: np.random.Generator) -> Candidate:
    """Return a point of the space, every one as likely as others on its scale."""
    candidate: dict[str, Scalar] = {}
    for name, parameter in space.items():
        if parameter.exists(candidate):
            candidate[name] = parameter.value_at(generator.random())
    return candidate


def grid(space: Space) -> Iterator[Candidate]:
    """Yield all combinations of what the parameters have in a grid; the last one changes fastest."""
    return _combine(list(space.items()), {})


def _combine(left: Sequence[tuple[str, Parameter]], candidate: Candidate) -> Iterator[Candidate]:
    if not left:
        yield candidate
        return
    (name, parameter), *rest = left
    if not parameter.exists(candidate):
        yield from _combine(rest, candidate)
        return
    for value in parameter.grid():
        yield from _combine(rest, {**candidate, name: value})


def grid_size(space: Space) -> int:
    """Return how many points `grid` yields, without making those that no condition tells apart."""
    linked = {name for name, each in space.items() if each.when}
    linked |= {other for each in space.values() for other in each.when}
    free = math.prod(len(each.grid()) for name, each in space.items() if name not in linked)
    bound = {name: each for name, each in space.items() if name in linked}
    return free * sum(1 for _ in itertools.islice(grid(bound), 10**6))


def describe(candidate: Candidate) -> str:
    """Return a candidate as a person reads it: `learning-rate=0.001 units=64`."""
    words = [f"{to_key(name)}={shorten(to_text(value), 40)}" for name, value in candidate.items()]
    return " ".join(words) or "-"
