"""Metrics: numbers for people to read, collected batch by batch and chosen by name."""

from __future__ import annotations

from nn.lookup import look_up
from nn.metrics.base import Metric
from nn.metrics.classes import Accuracy, BinaryAccuracy
from nn.metrics.errors import ExplainedVariance, MeanAbsoluteError, RootMeanSquaredError
from nn.metrics.scores import AreaUnderCurve, FalsePositiveRate, TruePositiveRate

__all__ = [
    "METRICS",
    "Accuracy",
    "AreaUnderCurve",
    "BinaryAccuracy",
    "ExplainedVariance",
    "FalsePositiveRate",
    "MeanAbsoluteError",
    "Metric",
    "RootMeanSquaredError",
    "TruePositiveRate",
    "metric_by_name",
]

RATES: dict[str, type[TruePositiveRate] | type[FalsePositiveRate]] = {
    kind.kind: kind for kind in (TruePositiveRate, FalsePositiveRate)
}

METRICS: dict[str, type[Metric]] = {
    **{
        kind.name: kind
        for kind in (
            Accuracy,
            BinaryAccuracy,
            AreaUnderCurve,
            MeanAbsoluteError,
            RootMeanSquaredError,
            ExplainedVariance,
        )
    },
    **RATES,
}


def metric_by_name(name: str) -> Metric:
    """Return a new metric with its usual settings.

    Parameters
    ----------
    name
        One of `METRICS`; the two rates may say where they are read, as their own names do:
        true_positive_rate_at_0.05.

    Raises
    ------
    ValueError
        When the name is unknown; the message suggests the nearest. Or when the rate is not a number in
        [0, 1].
    """
    kind, at, rate = name.partition("_at_")
    if at and kind in RATES:
        try:
            return RATES[kind](float(rate))
        except ValueError as error:
            raise ValueError(f"metric {name!r}: {rate!r} must be a number in [0, 1]") from error
    return look_up(METRICS, name, "metric")()
