"""Second-order terms of networks that hold others: the passes of these in the same order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from networks.base.network import Network
from networks.base.nodes import pack_inputs, unpack_signals
from networks.second_order.tangent import Tangent
from nn.step_masks import zero_masked_steps

MakeTangent = Callable[[Network], Tangent]


class SequentialTangent(Tangent):
    """Networks one after another."""

    network: Any

    def __init__(self, network: Network, make: MakeTangent) -> None:
        super().__init__(network)
        self._tangents = [make(each) for each in self.network.networks]

    def forward(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Run all forwards, each on its own: those of a run of dense layers keep their signals apart."""
        values = self._there(values)
        for each in self._tangents:
            values = each.forward(values, training)
        return self._there(values)

    def backward(self, signals: np.ndarray) -> np.ndarray:
        """Run all backwards."""
        signals = self._there(signals)
        for each in reversed(self._tangents):
            signals = each.backward(signals)
        return self._there(signals)

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return the changes of the outputs."""
        tangents = self._there(tangents)
        for each in self._tangents:
            tangents = each.forward_tangent(tangents)
        return self._there(tangents)

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return the changes of the input signals."""
        signal_tangents = self._there(signal_tangents)
        for each in reversed(self._tangents):
            signal_tangents = each.backward_tangent(signal_tangents)
        return self._there(signal_tangents)

    def _there(self, values: np.ndarray) -> np.ndarray:
        return zero_masked_steps(values, self.network.step_mask)


class ModelTangent(Tangent):
    """Networks connected in any way: changes, like signals, add up where paths meet."""

    network: Any

    def __init__(self, network: Network, make: MakeTangent) -> None:
        super().__init__(network)
        self._tangents = {name: make(each) for name, each in self.network.named.items()}

    def forward(self, values: Any, training: bool) -> Any:
        """Run all forwards."""
        return self._forward(values, lambda tangent, given: tangent.forward(given, training))

    def backward(self, signals: Any) -> Any:
        """Run all backwards."""
        return self._backward(signals, lambda tangent, given: tangent.backward(given))

    def forward_tangent(self, tangents: Any) -> Any:
        """Return the changes of the outputs."""
        return self._forward(tangents, lambda tangent, given: tangent.forward_tangent(given))

    def backward_tangent(self, signal_tangents: Any) -> Any:
        """Return the changes of the input signals."""
        return self._backward(signal_tangents, lambda tangent, given: tangent.backward_tangent(given))

    def _forward(self, given: Any, run: Callable[[Tangent, Any], np.ndarray]) -> Any:
        network = self.network
        inputs = _by_name(given, network.input_shapes)
        nodes = {name: self._there(array) for name, array in inputs.items()}
        for call in network.calls:
            sources = pack_inputs(network.named[call.name], [nodes[name] for name in call.sources])
            nodes[call.name] = run(self._tangents[call.name], sources)
        return _plain({name: self._there(nodes[node]) for name, node in network.output_nodes.items()})

    def _backward(self, given: Any, run: Callable[[Tangent, Any], Any]) -> Any:
        network = self.network
        arrived: dict[str, np.ndarray] = {}
        for name, array in _by_name(given, network.output_shapes).items():
            _add(arrived, network.output_nodes[name], self._there(array))
        for call in reversed(network.calls):
            sent = run(self._tangents[call.name], arrived[call.name])
            signals = unpack_signals(network.named[call.name], sent)
            for source, array in zip(call.sources, signals, strict=True):
                _add(arrived, source, array)
        return _plain({name: self._there(arrived[name]) for name in network.input_shapes})

    def _there(self, values: np.ndarray) -> np.ndarray:
        return zero_masked_steps(values, self.network.step_mask)


class TimeDistributedTangent(Tangent):
    """One network for every step: steps are taken for further entries of the batch."""

    network: Any

    def __init__(self, network: Network, make: MakeTangent) -> None:
        super().__init__(network)
        self._inside = make(self.network.network)

    def forward(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Run the network on all steps that are there."""
        self.network.prepare_steps(values.shape[-1], training)
        self.network.network.entries = self.network.steps_there.count
        return self._every_step(values, lambda given: self._inside.forward(given, training))

    def backward(self, signals: np.ndarray) -> np.ndarray:
        """Run the backward of all steps."""
        return self._every_step_back(signals, self._inside.backward)

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return the changes of the outputs."""
        return self._every_step(tangents, self._inside.forward_tangent)

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return the changes of the input signals."""
        return self._every_step_back(signal_tangents, self._inside.backward_tangent)

    def _every_step(self, values: np.ndarray, run: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        steps, inside = self.network.steps_there, self.network.network
        spread = steps.spread(run(steps.gather(values, inside.input_shape)))
        return np.asarray(spread).reshape(*self.network.output_shape, -1)

    def _every_step_back(self, signals: np.ndarray, run: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        steps, inside = self.network.steps_there, self.network.network
        spread = steps.spread(run(steps.gather(signals, inside.output_shape)))
        return np.asarray(spread).reshape(*self.network.input_shape, -1)


class SpectralNormalisationTangent(Tangent):
    """A network whose weights are divided by their largest singular value, which does not depend on x."""

    network: Any

    def __init__(self, network: Network, make: MakeTangent) -> None:
        super().__init__(network)
        self._inside = make(self.network.network)

    def forward(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Divide the weights, and run the network."""
        self.network.divide_weights(training)
        outputs: np.ndarray = self._inside.forward(values, training)
        return outputs

    def backward(self, signals: np.ndarray) -> np.ndarray:
        """Run the backward of the network, and pass its gradients on."""
        sent: np.ndarray = self.network.add_gradients_of(lambda: self._inside.backward(signals))
        return sent

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return the changes of the outputs."""
        moved: np.ndarray = self._inside.forward_tangent(tangents)
        return moved

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return the changes of the input signals, and pass the gradients on."""
        sent: np.ndarray = self.network.add_gradients_of(
            lambda: self._inside.backward_tangent(signal_tangents)
        )
        return sent


def _by_name(given: Any, names: Mapping[str, Any]) -> Mapping[str, np.ndarray]:
    """Return arrays by name; a model of one input or output takes them alone."""
    return given if isinstance(given, Mapping) else dict.fromkeys(names, given)


def _plain(named: dict[str, np.ndarray]) -> Any:
    return next(iter(named.values())) if len(named) == 1 else named


def _add(arrived: dict[str, np.ndarray], node: str, signals: np.ndarray) -> None:
    arrived[node] = arrived[node] + signals if node in arrived else signals
