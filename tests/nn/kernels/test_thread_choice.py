"""The choice of a number of threads, on simulated machines: nothing here depends on a clock."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.kernels.core.thread_choice import (
    BETWEEN_LOOKS,
    LONGEST_WAIT,
    MILLISECOND,
    ThreadChoice,
    numbers_to_try,
)

SECOND = 1000 * MILLISECOND
Machine = Callable[[int, int], float]
"""Speed of regions by the numbers of threads and of busy cores; one thread on an idle core has 1."""


def two_cores(threads: int, busy: int) -> float:
    """As measured: see the table in docs/performance.md."""
    return [[1.0, 1.8], [1.0, 0.55], [0.65, 0.4]][busy][threads - 1]


def many_cores(cores: int) -> Machine:
    """Regions wait for a busy core as soon as they use one."""

    def speed(threads: int, busy: int) -> float:
        free = cores - busy
        if threads <= free:
            return threads / (1 + 0.01 * threads)
        return 0.5 * max(free, 1) / (1 + 0.01 * threads)

    return speed


class Program:
    """Runs the same regions again and again, with a choice, on a simulated machine."""

    def __init__(self, machine: Machine, most: int, regions: list[int], noise: float = 0.0) -> None:
        self.machine, self.most, self.regions = machine, most, regions
        self.choice = ThreadChoice(most)
        self.now, self.number = 0, 0
        self.random = np.random.default_rng(0)
        self.noise = noise

    def run(self, seconds: float, busy: int) -> float:
        """Run for a while; return the work done, in seconds of one thread on an idle core."""
        done, end = 0, self.now + int(seconds * SECOND)
        while self.now < end:
            work = self.regions[self.number % len(self.regions)]
            self.number += 1
            self.choice.begin_if_due(self.now)
            factor = 1 + self.noise * self.random.exponential()
            took = int(work / self.machine(self.choice.threads, busy) * factor)
            self.now += took
            if self.choice.is_looking:
                self.choice.note(work, took, self.now)
            done += work
        return done / SECOND

    def share_of_best(self, seconds: float, busy: int) -> float:
        """Return the speed relative to that of the best fixed number."""
        best = max(self.machine(count, busy) for count in range(1, self.most + 1))
        return self.run(seconds, busy) / seconds / (best / (1 + self.noise))


STEP = [300_000, 120_000, 40_000, 900_000, 15_000]
"""Nanoseconds of the regions of a training step on one thread."""


def test_idle_it_stays_on_all_and_tries_fewer_once_in_a_while():
    program = Program(two_cores, 2, STEP)
    program.run(1, busy=0)
    assert program.choice.chosen == 2
    assert program.share_of_best(60, busy=0) > 0.98


@pytest.mark.parametrize("busy", [1, 2])
@pytest.mark.parametrize("regions", [STEP, [40 * MILLISECOND, 25 * MILLISECOND], [20_000]], ids=str)
def test_busy_it_steps_down_at_once(busy, regions):
    program = Program(two_cores, 2, regions)
    program.run(2, busy=0)
    program.run(2 * (BETWEEN_LOOKS + 4 * sum(regions)) / SECOND, busy=busy)
    assert program.choice.chosen == 1
    assert program.share_of_best(20, busy=busy) > 0.95


def test_it_begins_on_a_busy_machine():
    program = Program(two_cores, 2, STEP)
    assert program.share_of_best(3, busy=1) > 0.9


def test_it_steps_up_again_when_the_others_are_done():
    program = Program(two_cores, 2, STEP)
    program.run(2, busy=0)
    program.run(30, busy=1)
    program.run((LONGEST_WAIT + 2 * BETWEEN_LOOKS) / SECOND, busy=0)
    assert program.choice.chosen == 2


@pytest.mark.parametrize("busy", [0, 1, 2])
def test_noise_changes_little(busy):
    program = Program(two_cores, 2, STEP, noise=0.5)
    program.run(2, busy=busy)
    assert program.share_of_best(60, busy=busy) > 0.93


def test_where_threads_gain_nothing_nothing_is_lost():
    program = Program(lambda threads, busy: 1.0, 2, STEP, noise=0.2)
    assert program.share_of_best(20, busy=0) > 0.97


@pytest.mark.parametrize("cores", [3, 4, 8, 16, 64])
@pytest.mark.parametrize("busy", [0, 1, 2])
def test_on_many_cores_it_leaves_the_busy_ones_alone(cores, busy):
    program = Program(many_cores(cores), cores, [cores * region for region in STEP])
    program.run(3, busy=busy)
    assert program.share_of_best(10, busy=busy) > 0.9


def test_on_many_cores_that_are_all_busy_it_is_no_worse_than_before():
    program = Program(many_cores(16), 16, [16 * region for region in STEP])
    program.run(5, busy=16)
    assert program.share_of_best(20, busy=16) > 0.85
    program.run(30, busy=0)
    assert program.choice.chosen >= 15


def test_regions_that_never_come_twice_decide_nothing():
    choice, now = ThreadChoice(2), 0
    for number in range(2000):
        choice.begin_if_due(now)
        now += MILLISECOND
        choice.note(number, MILLISECOND, now)
        assert choice.chosen == 2


@given(most=st.integers(1, 300))
def test_numbers_begin_with_one_and_end_with_all(most):
    numbers = numbers_to_try(most)
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1
    assert numbers[-1] == most
    assert len(numbers) <= 2 + 3 + most.bit_length()
