"""Model: networks connected in any way that has no cycle: branches, several inputs and outputs,
networks that are used more than once.

    values of a call   = the outputs of its network for the values of its sources
    signals of a node = the sum of what its calls send back, and of the signals from outside

(the chain rule summed over paths: Rumelhart, Hinton and Williams 1986, equation 7). Cycles belong to
recurrent networks and to the graph, whose connections can be delayed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np

from networks.base.clamping_container import ClampingContainer
from networks.base.configuration import Fields
from networks.base.container import Build, build_all, check_names
from networks.base.entries import begin_alone, checked_step_masks, entries_for
from networks.base.memory_check import require_memory_to_run
from networks.base.model_outputs import ModelOutput
from networks.base.network import Network
from networks.base.nodes import (
    Input,
    Node,
    check_inputs_and_outputs,
    copy_with_same_generators,
    named_networks,
    node_names,
    nodes_by_name,
    nodes_from_names,
    pack_inputs,
    topological_order,
    unpack_signals,
)
from networks.base.wiring import NeuronLayer
from nn.entries import from_history, to_history
from nn.lookup import look_up
from nn.parameters import Parameters
from nn.shape import AnyShape
from nn.short_text import join_names


class NamedCall(NamedTuple):
    """One call of a network: its own name, the network's, and the names of the nodes it reads."""

    name: str
    network: str
    sources: tuple[str, ...]


class Model(ClampingContainer):
    """Networks connected to each other.

    Parameters
    ----------
    inputs, outputs
        A node, or nodes by name. A model of one input takes an array, one of several a dictionary of
        arrays by name; the same holds for its outputs.

    Raises
    ------
    ValueError
        When an output depends on an input that is not given, an input is given that no output
        depends on, or names are not unique.

    Attributes
    ----------
    named
        Every call of a network by name. The second call of `tower` is called `tower:2`: it has values,
        signals and carried state of its own, and the parameters of the first.
    calls
        The calls in the order in which they run.
    output_nodes
        The node that each output is taken from, by the name of the output.
    input_shapes, output_shapes
        Shapes by name.
    """

    family = "model"

    def __init__(self, inputs: Input | Mapping[str, Input], outputs: Node | Mapping[str, Node]) -> None:
        super().__init__()
        sources, results = nodes_by_name(inputs, "input"), nodes_by_name(outputs, "output")
        calls = topological_order(list(results.values()))
        networks = named_networks(calls)
        check_names(self.family, networks)
        names = node_names(sources, calls, networks)
        check_inputs_and_outputs(sources, results, calls, names)
        self.input_shapes = {name: node.shape for name, node in sources.items()}
        self.output_shapes = {name: node.shape for name, node in results.items()}
        self.output_nodes = {name: names[id(node)] for name, node in results.items()}
        called = {id(network): name for name, network in networks.items()}
        self.calls = [
            NamedCall(
                names[id(call)], called[id(call.network)], tuple(names[id(source)] for source in call.sources)
            )
            for call in calls
        ]
        self.named = _named(self.calls, networks)
        self.parameters = Parameters.join({name: each.parameters for name, each in networks.items()})
        self._silenced: dict[str, bool] | None = None

    @property
    def shares(self) -> bool:
        """Whether a network is used more than once."""
        return any(call.name != call.network for call in self.calls)

    @property
    def input_shape(self) -> AnyShape:  # type: ignore[override]
        """The shape of the only input; see `input_shapes` where there are several."""
        return _only(self.input_shapes, "input")

    @property
    def output_shape(self) -> AnyShape:  # type: ignore[override]
        """The shape of the only output; see `output_shapes` where there are several."""
        return _only(self.output_shapes, "output")

    @property
    def propagates(self) -> bool:
        """Whether the signals of the inputs are computed; True again leaves networks as they were."""
        return self._silenced is None

    @propagates.setter
    def propagates(self, wanted: bool) -> None:
        if wanted == self.propagates:
            return
        first = [call.name for call in self.calls if self.input_shapes.keys() >= set(call.sources)]
        propagate = self._silenced or dict.fromkeys(first, False)
        self._silenced = None if wanted else {name: self.named[name].propagates for name in first}
        for name in first:
            self.named[name].propagates = propagate[name]

    def forward(self, values: Any, training: bool = False) -> Any:
        """Return the values of the outputs (*shape, N).

        Parameters
        ----------
        values
            Of the only input, (*shape, N), or by the names of the inputs.
        training
            Passed on to every network.

        Raises
        ------
        ValueError
            When an input is missing or unknown, or does not fit.
        """
        given = self._by_name(values, self.input_shapes, "input")
        nodes = {name: self._zero_masked_steps(array) for name, array in given.items()}
        for call in self.calls:
            network = self.named[call.name]
            sources = pack_inputs(network, [nodes[name] for name in call.sources])
            nodes[call.name] = self._run_of(call.name).forward(sources, training)
        return _plain(
            {name: self._zero_masked_steps(nodes[node]) for name, node in self.output_nodes.items()}
        )

    def backward(self, signals: Any, learning_rate: float | None = None) -> Any:
        """Return the signals of the inputs; gradients are added or applied.

        Parameters
        ----------
        signals
            Of the only output, (*shape, N), or by the names of the outputs.
        learning_rate
            As for `Network.backward`.
        """
        if learning_rate is not None and self.shares:
            return self._update_after_backward(signals, learning_rate)
        arrived: dict[str, np.ndarray] = {}
        for name, array in self._by_name(signals, self.output_shapes, "output").items():
            _add(arrived, self.output_nodes[name], self._zero_masked_steps(array))
        for call in reversed(self.calls):
            network = self.named[call.name]
            sent = self._run_of(call.name).backward(arrived[call.name], learning_rate)
            for source, array in zip(call.sources, unpack_signals(network, sent), strict=True):
                _add(arrived, source, array)
        return _plain({name: self._zero_masked_steps(arrived[name]) for name in self.input_shapes})

    def _update_after_backward(self, signals: Any, learning_rate: float) -> Any:
        """Descend after all calls: calls that share parameters need them unchanged."""
        parameters = self.parameters
        kept = parameters.gradients.copy()
        parameters.zero_gradients()
        input_signals = self.backward(signals)
        parameters.values[:] -= float(learning_rate) * parameters.gradients
        parameters.gradients[:] = kept
        return input_signals

    def _by_name(self, given: Any, shapes: Mapping[str, AnyShape], what: str) -> dict[str, np.ndarray]:
        if isinstance(given, Mapping):
            if set(given) != set(shapes):
                raise ValueError(f"model: its {what}s are {', '.join(shapes)}; {', '.join(given)} are given")
            return dict(given)
        if len(shapes) > 1:
            raise ValueError(f"model: has the {what}s {', '.join(shapes)}: give arrays by their names")
        return dict.fromkeys(shapes, given)

    def predict(self, batch: Any, batch_size: int = 256, *, step_masks: np.ndarray | None = None) -> Any:
        """Return the outputs (N, *shape) of inputs (N, *shape), by name where there are several.

        Images and videos in bytes become 0 to 1, as in training, and nothing that is learned changes; see
        `Network.predict`. All networks in it that read step masks are given the same.

        Raises
        ------
        ValueError
            When an input is missing or unknown, does not fit or is not finite, or their numbers differ.
        MemoryError
            When there is no room for what it takes; the message has the figures.
        """
        if batch_size < 1:
            raise ValueError(f"model: batch size {batch_size} must be at least 1")
        given = self._by_name(batch, self.input_shapes, "input")
        masks = checked_step_masks(step_masks, self.family)
        require_memory_to_run(self, self.input_shapes, self.output_shapes, given, batch_size)
        inputs = {
            name: entries_for(shape, given[name], f"model: input {name}", self.dtype, masks)
            for name, shape in self.input_shapes.items()
        }
        entries = _entries_of(inputs)
        outputs = {name: np.empty((entries, *each), self.dtype) for name, each in self.output_shapes.items()}
        with self.inference() as model:
            for start in range(0, entries, batch_size):
                part = slice(start, min(start + batch_size, entries))
                begin_alone(model, masks, part)
                values = {name: to_history(array[part], self.dtype) for name, array in inputs.items()}
                results = self._by_name(model.forward(values), self.output_shapes, "output")
                for name, array in results.items():
                    outputs[name][part] = from_history(array, part.stop - part.start)
        return _plain(outputs)

    @property
    def values(self) -> dict[str, Any]:
        """The values of every call in the last forward, by name."""
        return {name: network.values for name, network in self.named.items()}

    @property
    def signals(self) -> dict[str, Any]:
        """The signals of every call in the last backward, by name."""
        return {name: network.signals for name, network in self.named.items()}

    @property
    def returned(self) -> Any:
        """What the last forward returned."""
        return _plain({name: self._run_of(node).returned for name, node in self.output_nodes.items()})

    @property
    def named_outputs(self) -> dict[str, ModelOutput]:
        """The outputs one by one."""
        return {
            name: ModelOutput(self, node, self.output_shapes[name])
            for name, node in self.output_nodes.items()
        }

    def output_range(self, input_range: Any = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return what the only output can reach; see `ModelOutput.output_range`."""
        reached: tuple[float, float] = _only(self.named_outputs, "output").output_range(input_range)
        return reached

    def to_configuration(self) -> dict[str, Any]:
        """Describe the networks and how they are connected."""
        owners = {call.network: self.named[call.network] for call in self.calls}
        return {
            "family": self.family,
            "inputs": {name: str(shape) for name, shape in self.input_shapes.items()},
            "networks": {name: network.to_configuration() for name, network in owners.items()},
            "uses": [[call.network, *call.sources] for call in self.calls],
            "outputs": dict(self.output_nodes),
        }

    @classmethod
    def from_configuration(  # type: ignore[override]  # it is given what builds the networks in it
        cls, configuration: Mapping[str, Any], structure: Mapping[str, np.ndarray], *, build: Build
    ) -> Self:
        """Build the model that `to_configuration` described, with parameters of zero.

        Raises
        ------
        ValueError
            Naming the field that is missing, unknown or does not fit.
        """
        with Fields(configuration) as fields:
            shapes, described = fields.shapes_by_name("inputs"), fields.named("networks")
            calls, outputs = fields.items("uses"), fields.texts("outputs")
        networks = build_all(cls.family, described, structure, build)
        inputs = {name: Input(shape) for name, shape in shapes.items()}
        nodes = nodes_from_names(inputs, networks, calls)
        results = {name: look_up(nodes, node, "node of the model") for name, node in outputs.items()}
        model = cls(inputs, results)
        if idle := nodes.keys() - inputs.keys() - model.named.keys():
            raise ValueError(f"model: no output depends on {join_names(sorted(idle))}")
        if idle := networks.keys() - model.named.keys():
            raise ValueError(f"model: nothing calls {join_names(sorted(idle))}")
        return model

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layers of all calls in the order in which they run; see `Network.wiring`."""
        layers: list[NeuronLayer] = []
        given = {name: -1 - number for number, name in enumerate(self.input_shapes)}
        for call in self.calls:
            inputs = [given[name] for name in call.sources]
            layers += self._layers_of(call.name, self.named[call.name], len(layers), inputs)
            given[call.name] = len(layers) - 1
        for name, node in self.output_nodes.items():
            layer = layers[given[node]]
            layers[given[node]] = replace(layer, outputs=(*layer.outputs, name))
        return layers


def _named(calls: list[NamedCall], networks: Mapping[str, Network]) -> dict[str, Network]:
    """Return the network of every step; second calls are twins that share the parameters of the first."""
    named: dict[str, Network] = {}
    alone: dict[str, Network] = {}  # twins that share nothing: a copy of what is shared has all that share it
    for call in calls:
        used = networks[call.network]
        if call.name == call.network:
            named[call.name] = used
            continue
        if call.network not in alone:
            alone[call.network] = copy_with_same_generators(used)
        named[call.name] = copy_with_same_generators(alone[call.network])
        named[call.name].parameters.share(used.parameters)
    return named


def _entries_of(inputs: Mapping[str, np.ndarray]) -> int:
    """Return how many entries there are, the same of every input."""
    counts = {name: len(array) for name, array in inputs.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"model: inputs have different numbers of entries: {counts}")
    return next(iter(counts.values()))


def _only(by_name: Mapping[str, Any], what: str) -> Any:
    if len(by_name) > 1:
        raise ValueError(f"model: has {len(by_name)} {what}s ({', '.join(by_name)}): see {what}_shapes")
    return next(iter(by_name.values()))


def _plain(arrays: dict[str, np.ndarray]) -> Any:
    """Return the only array, or all by name."""
    return arrays if len(arrays) > 1 else next(iter(arrays.values()))


def _add(arrays: dict[str, np.ndarray], name: str, array: np.ndarray) -> None:
    arrays[name] = arrays[name] + array if name in arrays else array
