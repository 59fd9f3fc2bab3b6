"""What the graph's rung o2 lays out before the first step: rows of connections, lists of what is shared."""

from __future__ import annotations

import numpy as np

from nn.graph import Graph
from nn.graph.columns import compress
from nn.graph.neuron import Kind
from nn.graph.rows import SortedRows, carried_once, carriers, first_numbers, level_shares, offsets, sort_rows
from nn.kernels.graph.gradients import Carriers
from nn.kernels.graph.runs import Rows


def choose_parts(wiring: Graph, count: int) -> np.ndarray:
    """Return the part of every neuron: the partition's if it halves the connections cut, else by index."""
    shares = level_shares(wiring, count)
    if count == 1:
        return shares
    partition = wiring.partition(count)
    crossing = (shares[wiring.sources] != shares[wiring.targets]).sum()
    return partition.parts if 2 * partition.cut < crossing else shares


def own_weights(wiring: Graph) -> np.ndarray:
    """Return which connections lead into a sum with a weight that is not shared."""
    once = carried_once(wiring.weight_of, len(wiring.weights))
    return once & (wiring.kinds[wiring.targets] == Kind.SUM)


def own_biases(wiring: Graph) -> np.ndarray:
    """Return which neurons are sums with a bias that is not shared."""
    return carried_once(wiring.bias_of, len(wiring.biases)) & (wiring.kinds == Kind.SUM)


def rows_of(ends: np.ndarray, chosen: np.ndarray, order: np.ndarray) -> SortedRows:
    """Return the chosen connections by the neurons at one of their ends, in an order of the neurons."""
    return sort_rows(*compress(np.where(chosen, ends, -1), len(order)), order)


def lay_rows(wiring: Graph, rows: SortedRows, at: np.ndarray, step: int) -> Rows:
    """Lay connections out as rows that read `at`, `step` rows further for each step of delay."""
    weights = wiring.weight_of[rows.connections]
    moved = offsets(at[rows.connections], wiring.delays[rows.connections], step)
    return Rows(rows.starts, moved, weights, first_numbers(rows.starts, weights))


def list_weights(wiring: Graph, chosen: np.ndarray, slopes: np.ndarray) -> Carriers:
    """List the weights of the chosen connections, with the factors of their gradients."""
    numbers, rows = carriers(np.where(chosen, wiring.weight_of, -1), len(wiring.weights))
    sources, delays = wiring.sources[rows.connections], wiring.delays[rows.connections]
    values = offsets(sources, delays, -wiring.neuron_count)
    return Carriers(numbers, rows.starts, slopes[rows.connections], values)


def list_biases(wiring: Graph, chosen: np.ndarray) -> Carriers:
    """List the biases of the chosen neurons."""
    numbers, rows = carriers(np.where(chosen, wiring.bias_of, -1), len(wiring.biases))
    return Carriers(numbers, rows.starts, rows.connections, np.zeros(0, np.int32))
