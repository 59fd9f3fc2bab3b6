"""Masks in the calls of a functional model, where Keras 3 writes what `Masking` and `mask_zero` compute."""

from __future__ import annotations

from typing import Any, NamedTuple


class _Mask(NamedTuple):
    """Which call's numbers are compared, and with what."""

    of: tuple[Any, ...]
    number: float


def without_masks(layers: list[Any]) -> list[Any]:
    """Return the layers of a model without the masks that its first layers make of their inputs.

    Everything else that is masked, or computed so, stays, and is refused where it is read.
    """
    described = [each for each in layers if isinstance(each, dict)]
    made = {_name(each): mask for each in described if (mask := _compared(each)) is not None}
    for each in described:
        if (source := _joined(each)) in made:
            made[_name(each)] = made[source]
    asked = [mask for each in described if (mask := _asked(each)) is not None]
    known = {name for name, mask in made.items() if mask in asked}
    return [
        _unmasked(each, known) for each in layers if not isinstance(each, dict) or _name(each) not in known
    ]


def _name(layer: dict[str, Any]) -> str:
    return str(layer.get("name"))


def _configuration(layer: dict[str, Any]) -> dict[str, Any]:
    found = layer.get("config")
    return found if isinstance(found, dict) else {}


def _arguments(layer: dict[str, Any]) -> list[Any]:
    """Return what the one call of a layer is given, nothing where there are several or others."""
    calls = layer.get("inbound_nodes")
    if not isinstance(calls, list) or len(calls) != 1 or not isinstance(calls[0], dict):
        return []
    found = calls[0].get("args")
    return found if isinstance(found, list) else []


def _source(tensor: Any) -> tuple[Any, ...]:
    """Return the call that a value is of; nothing where it is none."""
    inside = tensor.get("config") if isinstance(tensor, dict) else None
    found = inside.get("keras_history") if isinstance(inside, dict) else None
    return tuple(found) if isinstance(found, list) and found and isinstance(found[0], str) else ()


def _compared(layer: dict[str, Any]) -> _Mask | None:
    match layer.get("class_name"), _arguments(layer):
        case "NotEqual", [tensor, int() | float() as number] if _is_operation(layer):
            return _Mask(_source(tensor), number)
    return None


def _joined(layer: dict[str, Any]) -> str:
    """Return the name of the mask of numbers that a mask of steps is of; empty where it is none."""
    match layer.get("class_name"), _arguments(layer):
        case "Any", [tensor] if _is_operation(layer):
            described = _configuration(layer)
            if described.get("axis") in (-1, [-1]) and described.get("keepdims") is False:
                return str(next(iter(_source(tensor)), ""))
    return ""


def _is_operation(layer: dict[str, Any]) -> bool:
    return str(layer.get("module")).startswith("keras.")


def _asked(layer: dict[str, Any]) -> _Mask | None:
    """Return the mask that a layer makes of what it reads."""
    described, kind = _configuration(layer), layer.get("class_name")
    sources = [_source(each) for each in _arguments(layer)]
    if len(sources) != 1:
        return None
    if kind == "Embedding" and described.get("mask_zero") is True:
        return _Mask(sources[0], 0)
    number = described.get("mask_value")
    return _Mask(sources[0], number) if kind == "Masking" and isinstance(number, int | float) else None


def _unmasked(layer: Any, known: set[str]) -> Any:
    """Return a layer whose calls are not given known masks."""
    calls = layer.get("inbound_nodes") if isinstance(layer, dict) else None
    if not isinstance(calls, list):
        return layer
    return {**layer, "inbound_nodes": [_unmasked_call(each, known) for each in calls]}


def _unmasked_call(call: Any, known: set[str]) -> Any:
    given = call.get("kwargs") if isinstance(call, dict) else None
    if not isinstance(given, dict) or next(iter(_source(given.get("mask"))), None) not in known:
        return call
    return {**call, "kwargs": {name: each for name, each in given.items() if name != "mask"}}
