"""The fields of a layer's description, of which every one is taken or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from networks.exchange.keras.refusals import RefusedError
from nn.shape import LARGEST
from nn.short_text import short_repr

TRAINED_BY = ("_initializer", "_regularizer", "_constraint")
"""Ends of the names of fields that say how a layer was to be trained, and nothing of what it computes."""

KINDS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")


class Fields:
    """What a description says of a layer.

    Attributes
    ----------
    where
        The class and the name of the layer, for errors.
    """

    def __init__(self, where: str, values: Mapping[str, Any]) -> None:
        self.where = where
        self._left = dict(values)

    def refuse(self, problem: str) -> NoReturn:
        """Raise the error of a problem with the layer."""
        raise RefusedError(f"{self.where}: {problem}")

    def take(self, name: str, otherwise: Any = None) -> Any:
        """Return the value of a field, or `otherwise` where it is left out."""
        return self._left.pop(name, otherwise)

    def look(self, name: str) -> Any:
        """Return the value of a field without taking it."""
        return self._left.get(name)

    def text(self, name: str, otherwise: str | None = None) -> str:
        """Take text."""
        found = self.take(name, otherwise)
        if not isinstance(found, str):
            self.refuse(f"{name} is {short_repr(found)}, not text")
        return found

    def whole(self, name: str, otherwise: int | None = None) -> int:
        """Take a whole number from 1 to the largest of a shape."""
        found = self.take(name, otherwise)
        if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= LARGEST:
            self.refuse(f"{name} is {short_repr(found)}, not a whole number of at least 1")
        return found

    def number(self, name: str, otherwise: float | None = None) -> float:
        """Take a number."""
        found = self.take(name, otherwise)
        if isinstance(found, bool) or not isinstance(found, int | float) or abs(found) > LARGEST:
            self.refuse(f"{name} is {short_repr(found)}, not a number")
        return float(found)

    def flag(self, name: str, otherwise: bool | None = None) -> bool:
        """Take true or false."""
        found = self.take(name, otherwise)
        if not isinstance(found, bool):
            self.refuse(f"{name} is {short_repr(found)}, neither true nor false")
        return found

    def pair(self, name: str, otherwise: int | None = None) -> tuple[int, int]:
        """Take two whole numbers of at least 1, or one for both."""
        found = self.take(name, otherwise)
        pair = found if isinstance(found, list) else [found, found]
        if len(pair) != 2 or any(
            isinstance(each, bool) or not isinstance(each, int) or not 1 <= each <= LARGEST for each in pair
        ):
            self.refuse(f"{name} is {short_repr(found)}, not two whole numbers of at least 1")
        return pair[0], pair[1]

    def only(self, **wanted: Any) -> None:
        """Take fields of which one value is mapped, which is also that of a field that is left out."""
        for name, value in wanted.items():
            found = self.take(name, value)
            if found != value or isinstance(found, bool) != isinstance(value, bool):
                self.refuse(f"{name} is {short_repr(found)}; {value!r} alone is mapped")

    def ignore(self, *names: str) -> None:
        """Take fields that say nothing of what a layer computes."""
        for name in names:
            self._left.pop(name, None)

    def end(self) -> None:
        """Refuse what is left; what only says how the layer was to be trained may be."""
        for name, value in self._left.items():
            if name.endswith(TRAINED_BY):
                continue
            self.refuse(f"{short_repr(name)}, {short_repr(value)}, is not mapped")

    def check_dtype(self) -> None:
        """Take the kind of numbers, text or a policy by that name."""
        found = self.take("dtype", "float32")
        if isinstance(found, dict):
            inside = found.get("config")
            found = inside.get("name") if isinstance(inside, dict) and _is_policy(found) else found
        if found not in KINDS:
            self.refuse(f"dtype is {short_repr(found)}, which is not mapped")


def _is_policy(found: Mapping[str, Any]) -> bool:
    return found.get("class_name") in ("DTypePolicy", "Policy") and not found.get("registered_name")
