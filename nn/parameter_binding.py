"""Binding of learned state to the parameters it was learned from, so that no other network uses it.

The running means of an optimizer, the best loss of a schedule or the best parameters of early stopping are
those of a network, and wrong for every other one, even of the same size.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

from nn.parameters import Parameters


class ParameterBinding:
    """The parameters that an object belongs to; none at first.

    A copy may be used with any copy of the network, and belongs to that one from then on.
    """

    def __init__(self) -> None:
        self._lineage: str | None = None
        self._parameters: ref[Parameters] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_lineage": self._lineage, "_parameters": None}

    def allows(self, parameters: Parameters) -> bool:
        """Whether an object with this binding may be used on parameters."""
        if self._parameters is None:
            return self._lineage is None or self._lineage == parameters.lineage
        mine = self._parameters()
        return mine is not None and parameters.is_same_as(mine)

    def is_bound_to(self, parameters: Parameters) -> bool:
        """Whether this is the bond to these parameters, under this name."""
        return self._parameters is not None and self._parameters() is parameters

    def bind(self, parameters: Parameters) -> None:
        """Bind to parameters from now on."""
        if not self.is_bound_to(parameters):
            self._lineage, self._parameters = parameters.begin_lineage(), ref(parameters)


def can_bind(thing: Any, parameters: Parameters) -> bool:
    """Whether something belongs to parameters, or is not bound yet."""
    return _binding_of(thing).allows(parameters)


def is_bound_to(thing: Any, parameters: Parameters) -> bool:
    """Whether something was bound to exactly these parameters; quick, since every step asks."""
    binding: ParameterBinding | None = vars(thing).get("_bond")
    return binding is not None and binding.is_bound_to(parameters)


def check_binding(what: str, thing: Any, parameters: Parameters) -> None:
    """Raise a ValueError when something belongs to other parameters; `what` names it in the message."""
    if not can_bind(thing, parameters):
        raise ValueError(
            f"{what} has been used with another network, and what it remembers of that would be wrong here: "
            "give every network its own, and copy it where that is copied"
        )


def bind(thing: Any, parameters: Parameters) -> None:
    """Bind an object that has learned from parameters to them."""
    _binding_of(thing).bind(parameters)


def _binding_of(thing: Any) -> ParameterBinding:
    binding: ParameterBinding | None = vars(thing).get("_bond")
    if binding is None:
        binding = vars(thing)["_bond"] = ParameterBinding()
    return binding
