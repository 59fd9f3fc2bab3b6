"""Ctrl-C and SIGTERM ask to stop once; a second one acts as usual."""

import signal
import threading

import pytest

from nn.training.interrupts import STOPPING, stopping_on_interrupts


@pytest.mark.parametrize("number", STOPPING)
def test_the_first_asks_to_stop_and_the_second_does_what_it_did(number):
    before = signal.getsignal(number)
    received, asked = [], []
    signal.signal(number, lambda *_: received.append(True))
    try:
        own = signal.getsignal(number)
        with stopping_on_interrupts(lambda: asked.append(True)):
            signal.raise_signal(number)
            assert (asked, received) == ([True], [])
            signal.raise_signal(number)
            assert (asked, received) == ([True], [True])
        assert signal.getsignal(number) is own
    finally:
        signal.signal(number, before)


def test_handlers_come_back_after_an_error():
    before = [signal.getsignal(number) for number in STOPPING]
    with pytest.raises(ZeroDivisionError), stopping_on_interrupts(lambda: None):
        assert [signal.getsignal(number) for number in STOPPING] != before
        1 / 0  # noqa: B018
    assert [signal.getsignal(number) for number in STOPPING] == before


def test_another_thread_leaves_the_handlers_alone():
    before = [signal.getsignal(number) for number in STOPPING]
    inside = []

    def work():
        with stopping_on_interrupts(lambda: None):
            inside.extend(signal.getsignal(number) for number in STOPPING)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == before
