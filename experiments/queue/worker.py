"""A worker: several slots that run jobs at the same time, until it is asked to stop."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from experiments.queue.slot import Setup, Slot
from nn.training.interrupts import stopping_on_interrupts


def work(setup: Setup, slots: int) -> bool:
    """Run jobs; return False where the worker was asked to stop.

    The first Ctrl-C, or SIGTERM, lets what runs save and wait in the queue again; the second one kills it.

    Parameters
    ----------
    setup
        See there.
    slots
        Jobs at a time.

    Raises
    ------
    RecordsError
        When the records cannot be used.
    """
    stopping = threading.Event()
    working = [Slot(setup, stopping) for _ in range(slots)]
    with stopping_on_interrupts(stopping.set), ThreadPoolExecutor(slots) as pool:
        futures = [pool.submit(slot.run) for slot in working]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            asked = stopping.is_set()
            stopping.set()  # where one slot failed, the others end too
        except KeyboardInterrupt:
            for slot in working:
                slot.kill()
            raise
        for future in done:
            future.result()
    return not asked
