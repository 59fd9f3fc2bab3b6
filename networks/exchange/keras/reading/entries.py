"""Layers as a model's description lists them, and the calls between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from networks.exchange.keras.reading.mask_calls import without_masks
from networks.exchange.keras.refusals import RefusedError
from nn.short_text import short_repr

SEQUENTIAL, FUNCTIONAL, MODELS = (
    ("Sequential",),
    ("Functional", "Model"),
    ("Sequential", "Functional", "Model"),
)

KEYS = {
    "module",
    "class_name",
    "config",
    "registered_name",
    "build_config",
    "compile_config",
    "shared_object_id",
    "name",
    "inbound_nodes",
    "keras_version",
    "backend",
}
"""Keys beside a layer's own description; how it was built and compiled is not taken over."""

MOST_LAYERS = 10_000

Node = tuple[str, int]
"""A call: the layer's name, and which of its calls."""


class Entry(NamedTuple):
    """A layer in a model.

    Attributes
    ----------
    kind
        Its class.
    name
        Its name.
    configuration
        Its description.
    calls
        For every call, the calls whose values it reads.
    """

    kind: str
    name: str
    configuration: dict[str, Any]
    calls: tuple[tuple[Node, ...], ...] = ()

    @property
    def where(self) -> str:
        """Name and class, for errors."""
        return f"{self.name} ({self.kind})"


def entry(described: Any) -> Entry:
    """Return a layer from its description.

    Raises
    ------
    RefusedError
        When it is none, or is of a class that is registered by someone's code.
    """
    if not isinstance(described, dict):
        raise RefusedError(f"a layer is {short_repr(described)}, and no object")
    kind, configuration = described.get("class_name"), described.get("config")
    if not isinstance(kind, str) or not isinstance(configuration, dict):
        raise RefusedError(f"a layer is {short_repr(described)}, without class_name and config")
    name = described.get("name", configuration.get("name"))
    if not isinstance(name, str) or not name:
        raise RefusedError(f"a layer of class {short_repr(kind)} has no name")
    where = f"{short_repr(name)} ({short_repr(kind)})"
    for key in described.keys() - KEYS:
        raise RefusedError(f"{where}: {short_repr(key)} is not mapped")
    registered, module = described.get("registered_name"), described.get("module")
    if registered not in (None, kind) or not _is_of_keras(module):
        raise RefusedError(
            f"{where}: is of {short_repr(registered or module)}, code outside of Keras, which is not run"
        )
    nodes = described.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        raise RefusedError(f"{where}: inbound_nodes is {short_repr(nodes)}, not a list")
    return Entry(kind, name, configuration, tuple(_sources(where, node) for node in nodes))


def _is_of_keras(module: Any) -> bool:
    return module is None or (isinstance(module, str) and module.split(".")[0] == "keras")


def _sources(where: str, node: Any) -> tuple[Node, ...]:
    """Return what a call reads, as Keras 3 or 2 has it."""
    if isinstance(node, dict):
        if node.keys() - {"args", "kwargs"}:
            raise RefusedError(f"{where}: a call has {short_repr(sorted(node))}; args and kwargs are mapped")
        _check_arguments(where, node.get("kwargs", {}))
        args = node.get("args", [])
        if not isinstance(args, list) or len(args) != 1:
            raise RefusedError(f"{where}: a call has other arguments than its inputs, which is not mapped")
        inputs = args[0] if isinstance(args[0], list) else args
        return tuple(_history(where, each) for each in inputs)
    if not isinstance(node, list):
        raise RefusedError(f"{where}: a call is {short_repr(node)}, which is not mapped")
    inputs = [node] if node and isinstance(node[0], str) else node
    return tuple(_listed(where, each) for each in inputs)


def _check_arguments(where: str, given: Any) -> None:
    if not isinstance(given, dict):
        raise RefusedError(f"{where}: the arguments of a call are {short_repr(given)}")
    for name, value in given.items():
        if value is not None and not (name == "training" and value is False):
            raise RefusedError(f"{where}: argument {short_repr(name)} of a call is not mapped")


def _history(where: str, given: Any) -> Node:
    inside = given.get("config") if isinstance(given, dict) else None
    if not isinstance(inside, dict) or given.get("class_name") != "__keras_tensor__":
        raise RefusedError(f"{where}: reads {short_repr(given)}, which is no value of a layer")
    return node_of(where, inside.get("keras_history"))


def _listed(where: str, given: Any) -> Node:
    if isinstance(given, list) and len(given) == 4:
        _check_arguments(where, given[3])
        given = given[:3]
    return node_of(where, given)


def node_of(where: str, given: Any) -> Node:
    """Return the call of a value that is given by a layer's name and two numbers.

    Raises
    ------
    RefusedError
        When it is none, or a further value of a layer that gives several.
    """
    if not isinstance(given, list) or len(given) != 3 or not isinstance(given[0], str):
        raise RefusedError(f"{where}: reads {short_repr(given)}, which is no value of a layer")
    name, call, tensor = given
    if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in (call, tensor)):
        raise RefusedError(f"{where}: reads {short_repr(given)}, which is no value of a layer")
    if tensor:
        raise RefusedError(f"{where}: reads value {tensor} of {short_repr(name)}; the first alone is mapped")
    return name, call


def entries_of(where: str, configuration: Mapping[str, Any]) -> list[Entry]:
    """Return the layers of a model, whose names differ."""
    layers = configuration.get("layers")
    if not isinstance(layers, list) or not 0 < len(layers) <= MOST_LAYERS:
        raise RefusedError(f"{where}: layers are no list of 1 to {MOST_LAYERS:,} layers")
    found = [entry(each) for each in without_masks(layers)]
    names = [each.name for each in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise RefusedError(f"{where}: two layers are called {short_repr(twice)}")
    return found


def nodes_listed(where: str, given: Any) -> list[Node]:
    """Return the calls of inputs or outputs of a model, of which a single one may lie flat."""
    if isinstance(given, list) and given and isinstance(given[0], str):
        given = [given]
    if not isinstance(given, list) or not given:
        raise RefusedError(f"{where}: its inputs or outputs are {short_repr(given)}; a list is mapped")
    return [node_of(where, each) for each in given]


def in_order(where: str, entries: Sequence[Entry]) -> list[tuple[Entry, int]]:
    """Return all calls, each after those it reads, and the calls of a layer in their order.

    Raises
    ------
    RefusedError
        When one reads what is not there, or itself.
    """
    by_name = {each.name: each for each in entries}
    wanted: dict[Node, list[Node]] = {}
    for each in entries:
        for number, sources in enumerate(each.calls):
            wanted[each.name, number] = [*sources, *([(each.name, number - 1)] if number else [])]
    for node, before in wanted.items():
        for source in before:
            known = by_name.get(source[0])
            if known is None or source[1] >= max(len(known.calls), 1):
                raise RefusedError(
                    f"{where}: {short_repr(node[0])} reads {short_repr(source[0])}, which is not there"
                )
    try:
        order = list(TopologicalSorter(wanted).static_order())
    except CycleError:
        raise RefusedError(f"{where}: its layers read each other in a circle") from None
    return [(by_name[name], number) for name, number in order if by_name[name].calls]
