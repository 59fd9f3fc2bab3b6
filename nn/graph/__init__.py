"""The graph: neurons, connections and weights, built one at a time or a layer image at a time."""

from nn.graph.graph import Graph
from nn.graph.levels import CycleError
from nn.graph.neuron import Connection, Kind, Layer, Neuron, Weight
from nn.graph.partition import Partition

__all__ = ["Connection", "CycleError", "Graph", "Kind", "Layer", "Neuron", "Partition", "Weight"]
