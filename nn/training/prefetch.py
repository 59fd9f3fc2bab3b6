"""Prefetch: a thread that gathers the next batch while the current one is learned."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from typing import Any, Self

import numpy as np

from nn.history import aligned_zeros
from nn.interrupts import uninterrupted
from nn.training.batch import Batch, BatchSource, Values, named


class Prefetched:
    """A source whose next batch is gathered in a thread; the trainer says which it will be.

    Meant for slow sources, such as a disk or augmentation. Those of arrays in
    memory are gathered in a small part of the time that learning them takes, by the same processors.
    The thread starts at the first use and ends with `close`, which the trainer
    calls whatever happens. An error in the thread is raised where the batch is asked for.

    Batches are copied into two sets of buffers, so the one that is learned stays as it is: the source
    may use its own buffers again.

    Parameters
    ----------
    source
        Asked by one thread at a time.
    """

    def __init__(self, source: BatchSource) -> None:
        self.source = source
        self._begin()

    def _begin(self) -> None:
        self._front, self._back = Buffers(), Buffers()
        self._thread: ThreadPoolExecutor | None = None
        self._expected: tuple[np.ndarray, Future[Batch]] | None = None

    def __copy__(self) -> Self:
        return deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        """Leave thread and buffers out; the batch that it gathers is waited for, and goes along."""
        state = {"source": self.source}
        if self._expected is None:
            return state
        indices, future = self._expected
        return {**state, "indices": indices, "gathered": future.exception() or future.result()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.source = state["source"]
        self._begin()
        if "indices" in state:
            self._expected = state["indices"], _done(state["gathered"])

    def __len__(self) -> int:
        return len(self.source)

    def expect(self, indices: np.ndarray) -> None:
        """Begin to gather the entries at `indices`, int (n,), for the next `batch` that asks for them."""
        self._settle()
        with uninterrupted:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "prefetch")
            self._expected = indices.copy(), self._thread.submit(self._gather, indices.copy(), self._back)

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the entries at `indices`, int (n,); the next call may overwrite them."""
        if self._expected is not None and np.array_equal(self._expected[0], indices):
            _, future = self._expected
            future.exception()  # waits; after an interrupt it can be called again
            self._expected = None
            self._front, self._back = self._back, self._front
            return future.result()
        self._settle()
        return self._gather(indices, self._front)

    def close(self) -> None:
        """End the thread, after the batch that it is gathering."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
        self._thread = self._expected = None

    def _settle(self) -> None:
        """Wait for the thread: the source serves one caller at a time."""
        if self._expected is not None:
            self._expected[1].exception()

    def _gather(self, indices: np.ndarray, buffers: Buffers) -> Batch:
        return buffers.copy(self.source.batch(indices))


def _done(gathered: Batch | BaseException) -> Future[Batch]:
    """Return what a thread has done already: a batch, or an error."""
    future: Future[Batch] = Future()
    if isinstance(gathered, BaseException):
        future.set_exception(gathered)
    else:
        future.set_result(gathered)
    return future


class Buffers:
    """Memory that one batch after the other is copied to, so that its source may overwrite its own."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, str], np.ndarray] = {}

    def copy(self, batch: Batch) -> Batch:
        """Return a copy; targets that are the inputs stay so."""
        inputs = self._values("inputs", batch.inputs)
        targets = inputs if batch.targets is batch.inputs else self._values("targets", batch.targets)
        mask = None if batch.mask is None else self._values("mask", batch.mask)
        steps = None if batch.step_mask is None else self._array(("step_mask", ""), batch.step_mask)
        return Batch(inputs, targets, mask, batch.entries, steps)

    def _values(self, field: str, values: Values) -> Values:
        copies = {name: self._array((field, name), array) for name, array in named(values).items()}
        return copies[""] if isinstance(values, np.ndarray) else copies

    def _array(self, key: tuple[str, str], array: np.ndarray) -> np.ndarray:
        kept = self._arrays.get(key)
        if kept is None or kept.shape != array.shape or kept.dtype != array.dtype:
            kept = self._arrays[key] = aligned_zeros(array.shape, array.dtype)
        kept[...] = array
        return kept
