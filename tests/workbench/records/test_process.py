"""A live process is told from a dead one, whatever number it has."""

import os
import subprocess
import sys

import pytest

from workbench.records.process import SILENT_SECONDS, Process, running_system, started_at

own = pytest.mark.skipif(not running_system(), reason="processes are told apart by what Linux says of them")


@own
def test_a_process_of_this_system_is_alive_as_long_as_it_runs():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = started_at(child.pid)
    assert started is not None
    process = Process(running_system(), child.pid, started)
    assert process.is_alive(10 * SILENT_SECONDS), "however long it was silent"
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not process.is_alive(0.0), "though its parent has not asked for it yet"
    child.communicate()
    assert not process.is_alive(0.0)


@own
def test_another_process_of_the_same_number_is_another():
    process = Process.own()
    assert process.is_alive(0.0)
    assert not process._replace(started=process.started - 1).is_alive(0.0)


def test_of_another_system_the_signs_of_life_are_counted():
    process = Process("another boot", os.getpid(), 1)
    assert process.is_alive(SILENT_SECONDS - 1)
    assert not process.is_alive(SILENT_SECONDS + 1)
