"""Conventions of scikit-learn that its own tools and its users count on, kept without needing it.

Errors and warnings are scikit-learn's own where that is loaded, so that code catching them works; tags are
created only when scikit-learn asks for them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from nn.lookup import look_up

CONTAINERS = {each: each for each in ("default", "pandas", "polars")}
"""In what `transform` gives its codes: an array, or a table of that package."""


class NotFittedError(ValueError, AttributeError):
    """An estimator is used before it is fitted; an instance of scikit-learn's error where that is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return not_fitted, self.args


def not_fitted(message: str) -> NotFittedError:
    """Return the error that an estimator has not learned yet."""
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError", None)
    return (NotFittedError if theirs is None else _joined(theirs))(message)


@cache
def _joined(theirs: type[Exception]) -> type[NotFittedError]:
    return type("NotFittedError", (NotFittedError, theirs), {})


def warn(message: str, category: str = "UserWarning") -> None:
    """Warn in a category of scikit-learn's where that is loaded, as UserWarning otherwise."""
    kind = getattr(sys.modules.get("sklearn.exceptions"), category, UserWarning)
    warnings.warn(message, kind, stacklevel=_levels_to_the_caller())


def _levels_to_the_caller() -> int:
    """Return how far up the stack the first line outside this package is."""
    level, frame = 0, sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("networks."):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    return level


def tags(estimator_type: str) -> Any:
    """Return what scikit-learn, which alone asks, wants to know of a classifier, regressor or transformer."""
    from sklearn import utils  # noqa: PLC0415 - not needed without scikit-learn

    regressor = estimator_type == "regressor"
    made = utils.Tags(
        estimator_type,
        target_tags=utils.TargetTags(required=estimator_type != "transformer", multi_output=regressor),
        input_tags=utils.InputTags(three_d_array=True),
    )
    if regressor:
        made.regressor_tags = utils.RegressorTags()
    elif estimator_type == "classifier":
        made.classifier_tags = utils.ClassifierTags()
    else:
        made.transformer_tags = utils.TransformerTags(preserves_dtype=["float32"])
    return made


def html(estimator: Any) -> str | None:
    """Return scikit-learn's drawing of an estimator for notebooks; None where that is not loaded."""
    theirs = sys.modules.get("sklearn.utils")
    return None if theirs is None else theirs.estimator_html_repr(estimator)


def column_names(X: Any) -> list[str] | None:
    """Return the names of a table's columns; None where there are none, or they are not text.

    Raises
    ------
    TypeError
        When only some are text.
    """
    columns = getattr(X, "column_names" if type(X).__module__.startswith("pyarrow") else "columns", None)
    if columns is None or not len(columns):
        return None
    text = [isinstance(each, str) for each in columns]
    if any(text) and not all(text):
        raise TypeError(
            "Feature names are only supported if all input features have string names, but of these "
            f"{sum(text)} of {len(text)} have: X.columns = X.columns.astype(str) makes them all text"
        )
    return list(columns) if all(text) else None


def check_columns(owner: str, known: Sequence[str] | None, given: Sequence[str] | None) -> None:
    """Refuse columns that are not those that were learned, in their order.

    A warning tells where only one side has names.

    Raises
    ------
    ValueError
        When names are new, missing, or in another order.
    """
    if known is None or given is None:
        if given is not None:
            warn(f"X has feature names, but {owner} was fitted without feature names")
        elif known is not None:
            warn(f"X does not have valid feature names, but {owner} was fitted with feature names")
        return
    if [*known] == [*given]:
        return
    unseen, missing = sorted(set(given) - set(known)), sorted(set(known) - set(given))
    lines = ["The feature names should match those that were passed during fit."]
    lines += _listed("Feature names unseen at fit time:", unseen)
    lines += _listed("Feature names seen at fit time, yet now missing:", missing)
    if not unseen and not missing:
        lines += ["Feature names must be in the same order as they were in fit."]
    raise ValueError("\n".join([*lines, ""]))


def _listed(title: str, names: Sequence[str]) -> list[str]:
    shown = [*names[:5], *["..."] * (len(names) > 5)]
    return [title, *(f"- {name}" for name in shown)] if names else []


def check_input_features(names: Any, known: Sequence[str] | None, features: int) -> None:
    """Refuse names of inputs that are not those of the entries that were learned, with a ValueError."""
    if names is None:
        return
    given = [*names]
    if known is not None and [*known] != given:
        raise ValueError("input_features is not equal to feature_names_in_")
    if len(given) != features:
        raise ValueError(
            f"input_features should have length equal to number of features ({features}), got {len(given)}"
        )


def output_container(configured: dict[str, str]) -> str:
    """Return in what `transform` gives its codes: as `set_output` says, or scikit-learn's `set_config`."""
    if "transform" in configured:
        return configured["transform"]
    theirs = sys.modules.get("sklearn")
    container = "default" if theirs is None else theirs.get_config()["transform_output"]
    return look_up(CONTAINERS, container, "output")


def contained(codes: np.ndarray, container: str, names: np.ndarray, X: Any) -> Any:
    """Return codes (N, K) as an array, or as a table with these names and, in pandas, the index of `X`."""
    if container == "pandas":
        import pandas  # noqa: PLC0415 - asked for by the user

        index = X.index if isinstance(X, (pandas.DataFrame, pandas.Series)) else None
        return pandas.DataFrame(codes, index=index, columns=names)
    if container == "polars":
        import polars  # noqa: PLC0415 - asked for by the user

        return polars.DataFrame(codes, schema=names.tolist(), orient="row")
    return codes
