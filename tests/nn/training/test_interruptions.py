"""Runs with every callback, schedule and optimizer, in any order, interrupted at random: the same bits.

HYPOTHESIS_PROFILE=exhaustive interrupts more than two thousand times.
"""

import os

import pytest

import nn.snapshot
from nn.snapshot import load
from tests.support.interrupted_runs import RandomRun, interrupted, undisturbed
from tests.support.tiny_training import everything

RUNS = 600 if os.environ.get("HYPOTHESIS_PROFILE") == "exhaustive" else 24


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk():
    """Power cuts are not tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nn.snapshot.os, "fsync", lambda _: None)
        yield


def best_of(run):
    path = run.folder / "best.safetensors"
    return {name: array.tobytes() for name, array in load(path).arrays.items()} if path.exists() else {}


@pytest.mark.parametrize("seed", range(RUNS))
def test_a_run_that_is_interrupted_at_random_ends_with_the_bits_of_one_that_is_not(seed, tmp_path):
    whole, disturbed = (RandomRun(seed, tmp_path / name) for name in ("whole", "disturbed"))
    for run in (whole, disturbed):
        run.folder.mkdir()
    expected = undisturbed(whole)
    found, interruptions = interrupted(disturbed, 4, expected.step)
    assert interruptions > 0
    arrays, state = everything(found)
    expected_arrays, expected_state = everything(expected)
    assert state == expected_state
    assert arrays == expected_arrays
    assert best_of(disturbed) == best_of(whole)
