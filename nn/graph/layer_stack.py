"""Layers that are connected up, down and to themselves, and run for a number of steps."""

from __future__ import annotations

from typing import Unpack

from nn.activations import Activation, Identity, LeakyReLU
from nn.graph.layers import LayerBuilder, LayerOptions, Plan
from nn.graph.neuron import Layer
from nn.initializers import BiasInitializer
from nn.shape import Shape


class LayerStackBuilder(LayerBuilder):
    """Adds recurrent stacks of layers."""

    def layer_stack(
        self,
        source: Layer,
        shape: Shape,
        count: int,
        output_shape: Shape,
        *,
        connections_per_neuron: int | None = None,
        output_activation: Activation = Identity(),  # noqa: B008 - frozen
        **options: Unpack[LayerOptions],
    ) -> list[Layer]:
        """Connect layers to the source, to the output, to their neighbours and to themselves.

        Layer Z reads the source, the output, and layers Z - 1, Z and Z + 1; the output reads every
        layer. All connections have the same delay, so all neurons step at once. With a delay of 1
        the source reaches the output in the third step; what layer Z saw reaches Z + 1 a step later.

        Parameters
        ----------
        source
            What every layer reads, usually the inputs.
        shape, count
            Of each layer, and how many there are.
        output_shape, output_activation
            Of the output.
        connections_per_neuron
            Random connections into each neuron; all by default.
        options
            As for the other builders; `name` is followed by the layer's number or `output`, and the
            delay is 1 by default.

        Returns
        -------
        list of Layer
            The layers, then the output.

        Raises
        ------
        ValueError
            When there is no layer, the delay is 0, or an option does not fit.
        """
        plan = Plan(**options)
        shape, output_shape = Shape(*shape), Shape(*output_shape)
        delay, name = options.get("delay", 1), plan.name or "stack"
        if count < 1 or delay < 1:
            raise ValueError(f"{count} layers with delay {delay}: a layer stack needs at least 1 of both")
        fewest = min(count * shape.size, source.shape.size + output_shape.size + min(count, 2) * shape.size)
        if connections_per_neuron is not None and not 1 <= connections_per_neuron <= fewest:
            raise ValueError(f"{connections_per_neuron} connections per neuron: choose 1 to {fewest}")
        bias, generator = plan.bias or BiasInitializer(), plan.generator
        layers = [(shape, plan.activation or LeakyReLU(), f"{name} {z}") for z in range(count)]
        layers.append((output_shape, output_activation, f"{name} output"))
        *stack, output = [
            self.unconnected(shape, generator=generator, activation=activation, bias=bias, name=each)
            for shape, activation, each in layers
        ]
        drawing = LayerOptions(generator=generator, initializer=plan.initializer, delay=delay)
        for z, layer in enumerate(stack):
            neighbours = stack[max(z - 1, 0) : z + 2]
            self._join([source, output, *neighbours], layer, connections_per_neuron, drawing)
        self._join(stack, output, connections_per_neuron, drawing)
        return [*stack, output]

    def _join(
        self, sources: list[Layer], target: Layer, connections: int | None, drawing: LayerOptions
    ) -> None:
        if connections is None:
            self.dense(sources, target=target, **drawing)
        else:
            self.random(sources, target=target, connections_per_neuron=connections, **drawing)
