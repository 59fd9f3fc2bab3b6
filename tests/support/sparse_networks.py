"""What the tests of moving connections share: sparse graphs of all kinds, and trainings of them."""

from collections import Counter

import numpy as np
from hypothesis import strategies as st

from networks import SET, GraphNetwork, RigL
from nn import Adam, ArrayBatches, Graph, Shape, Sigmoid, SquaredError, Tanh, Trainer

ENTRIES, BATCH_SIZE = 24, 8
KINDS = {
    "SET": lambda **options: SET(2, **{"generator": np.random.default_rng(7), **options}),
    "RigL": lambda **options: RigL(2, **{"until": 100, **options}),
}

seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(sorted(KINDS))


def sparse_graph(seed=0, density=0.4):
    """Two sparse layers of a few neurons."""
    generator = np.random.default_rng(seed)
    graph = Graph()
    first = graph.input_layer(6)
    second = graph.sparse(first, 8, density=density, activation=Tanh(), generator=generator, name="hidden")
    graph.set_output(graph.sparse(second, 4, density=density, generator=generator, name="output"))
    return graph


def odd_graph(seed):
    """Sparse layers with skips, delays, cycles of layers, weights that are shared, single neurons."""
    generator = np.random.default_rng(seed)
    options = {"generator": generator, "activation": Tanh()}
    sides = generator.integers(2, 6, size=4)
    graph = Graph()
    image = graph.input_layer(Shape(4, 4, 1))
    shared = graph.convolution(image, 1, 3, 1, 1, **options)
    layers = [image, shared]
    for side in sides:
        density = generator.uniform(0.1, 0.9)
        layers.append(
            graph.sparse(layers[generator.integers(len(layers))], int(side), density=density, **options)
        )
    skip = graph.sparse(image, target=layers[-1], density=0.3, generator=generator)
    graph.sparse(
        skip, target=layers[2], density=0.5, delay=int(generator.integers(1, 3)), generator=generator
    )
    ladder, last = graph.unconnected(5, generator=generator, name="ladder"), graph.neuron_count - 1
    pairs = [(last - later, last - earlier) for earlier in range(5) for later in range(earlier + 1, 5)]
    chosen = [pairs[number] for number in generator.permutation(len(pairs))[:4]]
    for source, target in chosen:  # within one layer, where a cycle is one connection away
        graph.connect(graph.neuron(source), graph.neuron(target), generator.normal())
    graph.sparse(skip, target=ladder, density=0.4, generator=generator)
    product = graph.add_product()
    for source in (layers[2], ladder):
        graph.connect(graph.neuron(source.first), product, 0.5)
    end = graph.dense([layers[-1], ladder], 3, activation=Sigmoid(), generator=generator)
    graph.connect(product, graph.neuron(end.first), None)
    graph.set_output(end)
    return graph


def make_trainer(network, optimizer=None, seed=1, **options):
    generator = np.random.default_rng(seed)
    shapes = network.input_shape, network.output_shape
    inputs, targets = (generator.normal(size=(ENTRIES, *shape)).astype(network.dtype) for shape in shapes)
    batches, source = ArrayBatches(inputs, targets, dtype=network.dtype), np.random.default_rng(seed)
    optimizer = optimizer or Adam(0.01)
    return Trainer(
        network,
        SquaredError(),
        optimizer,
        batches,
        batches,
        batch_size=BATCH_SIZE,
        generator=source,
        **options,
    )


def train(kind, graph, epochs=3, build=GraphNetwork, **options):
    """Return a trainer after some moves."""
    trainer = make_trainer(build(graph))
    trainer.train(epochs=epochs, callbacks=[KINDS[kind](**options)])
    return trainer


def connected(graph):
    """Return how often each pair of neurons is connected, by delay."""
    ends = graph.sources.tolist(), graph.targets.tolist(), graph.delays.tolist()
    return Counter(zip(*ends, strict=True))


def counts(graph):
    """Return the number of connections between layers, by delay; neurons in none are layers of their own."""
    names = [layer.name if (layer := graph.layer_of(n)) else n for n in range(graph.neuron_count)]
    found = connected(graph)
    return Counter((names[source], names[target], delay) for source, target, delay in found.elements())
