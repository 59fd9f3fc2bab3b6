"""Reading the JSON-able descriptions of networks. What comes from a file is checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nn.activations import Activation, activation_from_configuration
from nn.shape import parse_shape


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
        self._left = dict(configuration)
        self.family = "network"
        self.family = self.text("family")
        if structure:
            raise ValueError(f"{self.family}: has no structure, but {', '.join(sorted(structure))} is given")

    def __enter__(self) -> Fields:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._left:
            raise ValueError(f"{self.family}: unknown field {', '.join(sorted(self._left))}")

    def _take(self, name: str, kind: type) -> Any:
        if name not in self._left:
            raise ValueError(f"{self.family}: field {name} is missing")
        value = self._left.pop(name)
        if type(value) is not kind:
            raise ValueError(
                f"{getattr(self, 'family', 'network')}: field {name} is {value!r}, not a {kind.__name__}"
            )
        return value

    def text(self, name: str) -> str:
        """Take a string."""
        value: str = self._take(name, str)
        return value

    def whole(self, name: str) -> int:
        """Take a whole number."""
        value: int = self._take(name, int)
        return value

    def boolean(self, name: str) -> bool:
        """Take a true or false."""
        value: bool = self._take(name, bool)
        return value

    def items(self, name: str) -> list[Any]:
        """Take a list."""
        value: list[Any] = self._take(name, list)
        return value

    def text_or_items(self, name: str) -> str | list[Any]:
        """Take a string or a list."""
        return self.text(name) if isinstance(self._left.get(name), str) else self.items(name)

    def named(self, name: str) -> dict[str, dict[str, Any]]:
        """Take descriptions by name, in their order."""
        described: dict[str, dict[str, Any]] = self._take(name, dict)
        for part, description in described.items():
            if not isinstance(part, str) or not isinstance(description, dict):
                raise ValueError(f"{self.family}: {name}.{part} is not a description")
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
                raise ValueError(f"{self.family}: {name}.{part} is {text!r}, not a text")
        return given

    def number(self, name: str) -> float:
        """Take a number, whole or not."""
        value = self._left.get(name)
        if type(value) is int:
            self._left[name] = float(value)
        number: float = self._take(name, float)
        return number

    def shape(self, name: str) -> Any:
        """Take a shape such as 28x28x1, or 28x28 of a sequence."""
        return parse_shape(self.text(name))

    def activation(self, name: str) -> Activation:
        """Take the description of an activation."""
        return activation_from_configuration(self._take(name, dict))
