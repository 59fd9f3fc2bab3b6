"""What a gradient check found, for a program to ask and a human to read."""

from __future__ import annotations

from dataclasses import dataclass

KINK_SHARE = 0.05
"""Largest share of entries that may lie on a kink; a check that skips more proves nothing."""


class GradientError(ValueError):
    """Backward and central differences disagree."""


@dataclass(frozen=True)
class Comparison:
    """One kind of gradient against central differences.

    Attributes
    ----------
    kind
        `weights`, `inputs`, `signals`; in a stack with the layer's number in front.
    checked, kinks
        How many entries were compared, and how many of them skipped because the loss has a kink there.
    error
        Largest |analytic - numeric| of the entries that are compared, divided by `scale`.
    scale
        Largest gradient of the kind, or the one that float64 can just resolve if that is larger.
    worst, analytic, numeric
        The entry with the largest error, and its two gradients.
    reference
        What the second of them is.
    """

    kind: str
    checked: int
    kinks: int
    error: float
    scale: float
    worst: str
    analytic: float
    numeric: float
    reference: str = "numeric"

    @property
    def worst_entry(self) -> str:
        """The worst entry and its two gradients."""
        return f"{self.worst}: analytic {self.analytic:.9g}, {self.reference} {self.numeric:.9g}"

    def __str__(self) -> str:
        skipped = f", {self.kinks} kinks skipped" if self.kinks else ""
        return (
            f"{self.kind}: error {self.error:.1e} of {self.scale:.3g}, {self.checked} checked{skipped}; "
            f"worst {self.worst_entry}"
        )


@dataclass(frozen=True)
class Report:
    """What a gradient check found.

    Attributes
    ----------
    comparisons
        One for each kind: every array of parameters, the inputs, the signals of every layer.
    tolerance
        Largest error that passes.
    """

    comparisons: list[Comparison]
    tolerance: float

    @property
    def wrong(self) -> list[Comparison]:
        """The kinds whose error is above the tolerance, worst first."""
        failed = [each for each in self.comparisons if not each.error <= self.tolerance]
        return sorted(failed, key=lambda each: -each.error)

    @property
    def too_many_kinks(self) -> bool:
        """Whether more entries lie on kinks than may be skipped; a single one always may."""
        checked = sum(each.checked for each in self.comparisons)
        return sum(each.kinks for each in self.comparisons) > max(1, KINK_SHARE * checked)

    @property
    def ok(self) -> bool:
        """Whether every gradient that was compared is right."""
        return not self.wrong and not self.too_many_kinks

    def raise_if_wrong(self) -> None:
        """Raise when the check failed.

        Raises
        ------
        GradientError
            With the worst entry in its first line, and all kinds below.
        """
        if not self.ok:
            raise GradientError(str(self))

    def __str__(self) -> str:
        return "\n".join([self._headline(), *(f"  {each}" for each in self.comparisons)])

    def _headline(self) -> str:
        if self.wrong:
            return f"wrong gradient, error above {self.tolerance:.0e}: {self.wrong[0].worst_entry}"
        if self.too_many_kinks:
            return "too many entries lie on kinks: check at other inputs or parameters"
        return f"all gradients agree to {self.tolerance:.0e}"
