"""A sweep with another kind of search, or with other draws: what searches are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from experiments.sweep.file import KEYS, Search, SweepFile
from workbench.errors import SettingsError

COUNTED = ("random", "tpe", "cma_es")
"""Kinds of search that differ in nothing but how candidates are found."""

COMPARABLE = (*COUNTED, "halving")
"""Kinds that can be compared: with more candidates that get less of the budget, too."""

FIRST = 9
"""A halving that is compared begins with this part of the budget."""


@dataclass(frozen=True)
class Variant:
    """What is other than in the file.

    Attributes
    ----------
    kind
        Of the search, one of `COMPARABLE`.
    seed
        Of what it draws.
    """

    kind: str
    seed: int

    @classmethod
    def parse(cls, text: str) -> Variant:
        """Return the variant that `str` wrote."""
        kind, _, seed = text.rpartition("-")
        return cls(kind, int(seed))

    def __str__(self) -> str:
        return f"{self.kind}-{self.seed}"

    def of(self, file: SweepFile, path: Path) -> SweepFile:
        """Return a file with the variant instead of its own.

        Raises
        ------
        SettingsError
            When it does not say how many candidates are tried.
        """
        if file.search.candidates is None or file.search.kind not in COUNTED:
            raise SettingsError(
                f"{path}: search.kind: is {file.search.kind!r}: to compare searches, say one of "
                f"{', '.join(COUNTED)}"
            )
        said = file.search.model_dump(include={*KEYS[self.kind]} & file.search.model_fields_set)
        search = (
            _halving(file) if self.kind == "halving" else Search.model_validate({**said, "kind": self.kind})
        )
        return file.model_copy(update={"search": search, "seed": self.seed})


def _halving(file: SweepFile) -> Search:
    """Return a halving that costs no more than all candidates of a file, and has as many as that allows."""
    amount, candidates = file.budget.amount, file.search.candidates
    assert candidates is not None
    first = amount / FIRST if file.budget.unit == "minutes" else max(1, round(amount / FIRST))
    found = Search(kind="halving", candidates=candidates, first=first)
    for count in range(candidates + 1, FIRST * candidates):
        more = found.model_copy(update={"candidates": count})
        if more.cost(amount) > candidates * amount:
            break
        found = more
    return found
