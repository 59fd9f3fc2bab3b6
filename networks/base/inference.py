"""Inference: forwards that never affect what a network learns, at any moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from enum import Enum, auto
from types import TracebackType
from typing import Any

from nn.interrupts import uninterrupted


class Histories(Enum):
    """The status of the values and signals of a network's last forward.

    Attributes
    ----------
    NEEDED
        A backward is still to come, or a step of training shows them to its callbacks.
    FREE
        They may be overwritten.
    GONE
        They belong to an inference, and no backward may follow.
    """

    NEEDED = auto()
    FREE = auto()
    GONE = auto()


@contextmanager
def training_step(network: Any) -> Iterator[None]:
    """Keep the values and signals of a network in the middle of a step, between backward and update."""
    _mark_histories(network, Histories.NEEDED)
    try:
        yield
    finally:
        _mark_histories(network, Histories.FREE)


def _mark_histories(network: Any, kept: Histories) -> None:
    for each in network.all_networks:
        each.histories = kept


class Inference:
    """A context that returns a network to run: itself, or a copy where its values are needed.

    Its carried states, its mask and the number of its entries are restored afterwards.

    Parameters
    ----------
    network
        Any.
    with_batch
        Whether the mask and the number of entries that are set stay in force.
    """

    __slots__ = ("_bring_back", "_entries", "_mask", "_network", "_with_batch")

    def __init__(self, network: Any, with_batch: bool = False) -> None:
        self._network, self._with_batch = network, with_batch

    def __enter__(self) -> Any:
        network = self._network
        if any(each.histories is Histories.NEEDED for each in network.all_networks):
            self._network = network = deepcopy(network)
        self._mask, self._entries = network.step_mask, network.entries
        remembered = [each.state_restorer() for each in network.all_networks]
        self._bring_back = [bring for bring in remembered if bring is not None]
        if not self._with_batch:
            network.step_mask = network.entries = None
        return network

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        network = self._network
        _mark_histories(network, Histories.GONE)
        network.step_mask, network.entries = self._mask, self._entries
        if self._bring_back:
            with uninterrupted:
                for bring in self._bring_back:
                    bring()
