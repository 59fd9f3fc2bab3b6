"""Which steps become frames, and how large the file can become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.live_models import ARCHITECTURES, make_session
from tests.support.replay_pages import numbers_in
from workbench.errors import InputError
from workbench.replay_page.document import make_document
from workbench.replay_page.plan import Plan, spread_steps
from workbench.replay_page.recording import Recording


@given(st.integers(0, 100_000), st.integers(2, 60), st.booleans())
def test_steps_are_different_and_have_both_ends(last: int, count: int, evenly: bool) -> None:
    steps = spread_steps(last, count, evenly=evenly)
    assert len(steps) == min(count, last + 1)
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, last)


def test_growing_steps_are_most_frequent_at_the_start() -> None:
    assert spread_steps(1000, 5, evenly=False) == [0, 1, 10, 100, 1000]
    assert spread_steps(1000, 5, evenly=True) == [0, 250, 500, 750, 1000]


@pytest.mark.parametrize("count", [1, 1001])
def test_counts_that_make_no_page_are_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"{count} frames: give 2 to 1000"):
        spread_steps(10, count, evenly=True)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("weights", ["every", "last", "none"])
def test_no_file_is_larger_than_was_said(architecture: str, weights: str) -> None:
    session = make_session(architecture)
    plan = Plan(frames=6, examples=3, weights=weights)
    recording = Recording(session, plan)
    for _ in range(plan.frames):
        recording.add(session)
    header, arrays = recording.message(session)
    document = make_document("", {**header, "about": [], "logarithmic": False}, arrays)
    assert len(document) <= plan.most_bytes(session.steering.anatomy)
    _, arrays = numbers_in(document)
    kept = {"every": 6, "last": 1, "none": 0}[weights]
    assert len(arrays.get("weights", ())) == kept
