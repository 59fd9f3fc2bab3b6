"""Storage: values and signals between layers in float32 or bfloat16.

Like the rung, it is not part of the model: parameters and gradients stay float32, model files do not record
it, and `store_as` may change it between two steps. In bfloat16 a network takes values as float32 or
bfloat16, and returns bfloat16.

A family whose kernels read and write bfloat16 stores its values in half the memory. The others are decorated
with `converts`: they compute in float32, inputs are widened and outputs rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nn.bfloat16 import BFLOAT16
from nn.bfloat16_arrays import converted
from nn.history import padded
from nn.lookup import look_up

if TYPE_CHECKING:
    from networks.base.network import Network

FLOAT32, HALF = "float32", "bfloat16"

STORAGES: Mapping[str, np.dtype] = {FLOAT32: np.dtype(np.float32), HALF: BFLOAT16}
"""What there is to choose from."""

PAIRED = "bfloat16 dot products"
WITHOUT = "float32: no AVX512_BF16 here"
SMALL, FEW = "float32: few weights", "float32: few channels"
"""What networks say of their arithmetic."""

Kind = TypeVar("Kind", bound="type[Network]")


def check_storage(storage: str, networks: Mapping[str, Network]) -> None:
    """Refuse a storage that there is not, or that a network cannot keep its values in.

    Parameters
    ----------
    storage
        One of `STORAGES`.
    networks
        By name; one that is alone is called "".

    Raises
    ------
    ValueError
        Naming the first network that is on a rung below the fastest, or computes in float64.
    """
    look_up(STORAGES, storage, "storage")
    for name, network in networks.items() if storage == HALF else ():
        called = f"network {name} ({network.family})" if name else network.family
        if not network.stores_halves:
            module = type(network).__module__
            raise ValueError(f"{called}: {storage} storage takes the rung o2, and this is {module}")
        if network.dtype != np.float32:
            raise ValueError(f"{called}: {storage} storage is for float32, it computes in {network.dtype}")


def converts(kind: Kind) -> Kind:
    """Let a family store bfloat16 by converting at its border; a decorator of its class on the top rung."""
    changed: Any = kind
    changed.stores_halves = True
    changed.forward = _returns_halves(changed.forward, "values")
    changed.backward = _returns_halves(changed.backward, "signals")
    changed.values = _halves_as_returned(changed.values)
    changed.returned = _halves_as_returned(changed.returned)
    changed.history_bytes = _with_border(changed.history_bytes)
    return kind


def _returns_halves(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(method)
    def pass_through(network: Any, given: Any, *arguments: Any, **options: Any) -> Any:
        if network.storage == FLOAT32:
            return method(network, given, *arguments, **options)
        with _computing_in_float32(network) as border:
            wide = _converted(border, f"wide {name}", given, STORAGES[FLOAT32])
            returned = method(network, wide, *arguments, **options)
        return _converted(border, f"returned {name}", returned, BFLOAT16)

    return pass_through


def _halves_as_returned(values: property) -> property:
    """Let `values` show what `forward` returned, but for families that show more than their outputs."""

    def look(network: Any) -> Any:
        computed = values.__get__(network)
        returned = None if network.storage == FLOAT32 else _border(network).get("returned values")
        return returned if returned is not None and returned.shape == computed.shape else computed

    return property(look, doc=values.__doc__)


def _with_border(history_bytes: Callable[..., int]) -> Callable[..., int]:
    @wraps(history_bytes)
    def estimate(network: Any, histories: int) -> int:
        if network.storage == FLOAT32:
            return history_bytes(network, histories)
        inputs = getattr(network, "input_shapes", [network.input_shape])
        ends = network.output_shape.size + sum(shape.size for shape in inputs)
        both = sum(dtype.itemsize for dtype in STORAGES.values())
        with _computing_in_float32(network):
            inside = history_bytes(network, histories)
        return inside + ends * padded(histories) * both

    return estimate


@contextmanager
def _computing_in_float32(network: Any) -> Iterator[dict[str, np.ndarray]]:
    """Let a network be one of float32 for a while; yield what it keeps at its border."""
    network.storage = FLOAT32
    try:
        yield _border(network)
    finally:
        network.storage = HALF


def forget_border(network: Network) -> None:
    """Drop what was converted at the border of a network: another storage makes it stale."""
    network.__dict__.pop("_border", None)


def _border(network: Any) -> dict[str, np.ndarray]:
    border: dict[str, np.ndarray] = network.__dict__.setdefault("_border", {})
    return border


def _converted(border: dict[str, np.ndarray], name: str, given: Any, dtype: np.dtype) -> Any:
    """Return an array, or a sequence of them, of another dtype; buffers are kept in `border`."""
    if isinstance(given, Sequence):
        return [_converted(border, f"{name} {n}", each, dtype) for n, each in enumerate(given)]
    if getattr(given, "dtype", dtype) == dtype or given.dtype not in STORAGES.values():
        return given  # what cannot be converted is refused, with its name, where it is used
    border[name] = converted(given, dtype, border.get(name))
    return border[name]
