"""Reading the JSON-able descriptions of networks. What comes from a file is checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nn.activations import Activation, activation_from_configuration
from nn.initializers import Zeros
from nn.shape import LARGEST, parse_shape
from nn.short_text import join_names, short_repr


class Fields:
    """The fields of one network's description; a family that keeps no arrays passes on its structure.

    Raises
    ------
    ValueError
        From every method, naming the family and the field that is missing, of the wrong kind, or
        (on leaving a `with` block) unknown.
    """

    def __init__(
        self, configuration: Mapping[str, Any], structure: Mapping[str, np.ndarray] | None = None
    ) -> None:
        if not isinstance(configuration, Mapping):
            raise ValueError(f"a network is described by its fields, not by {short_repr(configuration)}")
        self._left = dict(configuration)
        self.family = "network"
        self.family = self.text("family")
        if structure:
            raise ValueError(f"{self.family}: has no structure, but {join_names(sorted(structure))} is given")

    def __enter__(self) -> Fields:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._left:
            raise ValueError(f"{self.family}: unknown field {join_names(sorted(self._left))}")

    def _take(self, name: str, kind: type) -> Any:
        if name not in self._left:
            raise ValueError(f"{self.family}: field {name} is missing")
        value = self._left.pop(name)
        if type(value) is not kind:
            raise ValueError(f"{self.family}: field {name} is {short_repr(value)}, not a {kind.__name__}")
        return value

    def text(self, name: str) -> str:
        """Take a string."""
        value: str = self._take(name, str)
        return value

    def whole(self, name: str) -> int:
        """Take a whole number that is not too large for a size."""
        value: int = self._take(name, int)
        self._check_size(name, value)
        return value

    def _check_size(self, name: str, number: int) -> None:
        if abs(number) > LARGEST:
            raise ValueError(f"{self.family}: field {name} is {short_repr(number)}, beyond {LARGEST:.0e}")

    def pair(self, name: str) -> tuple[int, int]:
        """Take two whole numbers, for rows and columns."""
        numbers = self.items(name)
        if len(numbers) != 2 or any(type(number) is not int for number in numbers):
            raise ValueError(f"{self.family}: field {name} is {short_repr(numbers)}, not two whole numbers")
        for number in numbers:
            self._check_size(name, number)
        return numbers[0], numbers[1]

    def boolean(self, name: str, otherwise: bool | None = None) -> bool:
        """Take a true or false; `otherwise`, if it is given, where the field is missing."""
        if otherwise is not None and name not in self._left:
            return otherwise
        value: bool = self._take(name, bool)
        return value

    def items(self, name: str) -> list[Any]:
        """Take a list."""
        value: list[Any] = self._take(name, list)
        return value

    def text_or_pair(self, name: str) -> str | tuple[int, int]:
        """Take a string, or two whole numbers."""
        return self.text(name) if isinstance(self._left.get(name), str) else self.pair(name)

    def named(self, name: str) -> dict[str, dict[str, Any]]:
        """Take descriptions by name, in their order."""
        described: dict[str, dict[str, Any]] = self._take(name, dict)
        for part, description in described.items():
            if not isinstance(part, str) or not isinstance(description, dict):
                raise ValueError(f"{self.family}: {name}.{join_names([part])} is not a description")
        return described

    def description(self, name: str) -> dict[str, Any]:
        """Take one description."""
        described: dict[str, Any] = self._take(name, dict)
        return described

    def texts(self, name: str) -> dict[str, str]:
        """Take strings by name."""
        given: dict[str, str] = self._take(name, dict)
        for part, text in given.items():
            if not isinstance(text, str):
                raise ValueError(
                    f"{self.family}: {name}.{join_names([part])} is {short_repr(text)}, not a text"
                )
        return given

    def number(self, name: str) -> float:
        """Take a number."""
        value = self._left.get(name)
        if type(value) is int:
            self._check_size(name, value)
            self._left[name] = float(value)
        number: float = self._take(name, float)
        return number

    def shape(self, name: str) -> Any:
        """Take a shape such as 28x28x1, or 28x28 of a sequence."""
        return self._parsed(name, self.text(name))

    def shapes(self, name: str) -> list[Any]:
        """Take a list of shapes."""
        return [self._parsed(f"{name}.{number}", each) for number, each in enumerate(self.items(name))]

    def shapes_by_name(self, name: str) -> dict[str, Any]:
        """Take shapes by name."""
        return {part: self._parsed(f"{name}.{part}", text) for part, text in self.texts(name).items()}

    def _parsed(self, name: str, text: Any) -> Any:
        if not isinstance(text, str):
            raise ValueError(f"{self.family}: field {name} is {short_repr(text)}, not a text")
        try:
            return parse_shape(text)
        except ValueError as error:
            raise ValueError(f"{self.family}: field {name}: {error}") from None

    def activation(self, name: str) -> Activation:
        """Take the description of an activation."""
        return activation_from_configuration(self._take(name, dict))


def undrawn() -> dict[str, Any]:
    """Return arguments of a constructor that leave weights at zero, so that none are drawn needlessly."""
    return {"generator": np.random.default_rng(0), "initializer": Zeros()}
