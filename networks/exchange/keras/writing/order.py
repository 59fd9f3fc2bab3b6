"""The order in which Keras has the layers of a model, after which the groups of their weights are called.

It is that of `keras.src.ops.function.map_graph`: by depth from the outputs, and within one depth in the order
in which a search from the outputs meets them.
"""

from __future__ import annotations

from networks.exchange.keras.writing.wiring import Wiring

Call = tuple[str, int]


def layers_in_order(wiring: Wiring) -> list[str]:
    """Return the names of all layers, inputs included."""
    met: dict[str, int] = {}
    finished: dict[Call, None] = {}
    for output in wiring.outputs:
        waiting: list[tuple[Call, bool]] = [((output.layer, output.call), False)]
        while waiting:
            call, is_ready = waiting.pop()
            if is_ready:
                finished.setdefault(call)
                continue
            if call in finished:
                continue
            met.setdefault(call[0], len(met))
            waiting.append((call, True))
            waiting.extend((source, False) for source in reversed(sources(wiring, call)))
    depths: dict[Call, int] = {}
    layer_depths: dict[str, int] = {}
    for call in reversed(list(finished)):
        depth = max(depths.get(call, 0), layer_depths.get(call[0], 0))
        depths[call] = layer_depths[call[0]] = depth
        for source in sources(wiring, call):
            depths[source] = max(depth + 1, depths.get(source, 0))
    for node in wiring.inputs:
        layer_depths.setdefault(node.layer, 0)
        met.setdefault(node.layer, -1)
    return sorted(layer_depths, key=lambda name: (-layer_depths[name], met[name]))


def sources(wiring: Wiring, call: Call) -> list[Call]:
    """Return the calls that a call reads."""
    name, number = call
    calls = wiring.calls[name]
    return [(node.layer, node.call) for node in calls[number]] if calls else []
