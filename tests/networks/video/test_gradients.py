"""Gradients of the whole model: every kind, head, input, last activation and loss against differences."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.video.blueprint import COMBINATIONS
from nn.checks.gradients import check_gradients
from tests.support.video_networks import KINDS, READS, TASKS, AsOneArray, clips_for, network, shapes

ALL = list(itertools.product(KINDS, READS))


def elements_of(loss):
    """Return a loss as that of every pixel: differences of their sum would be lost in its rounding."""

    def elements(outputs, targets, **_):
        slopes = np.empty_like(outputs)
        return loss.elements(outputs, targets, slopes), slopes

    return elements


def report_of(made, with_loss, seed=0, sample=12):
    """Compare the gradients in training of a few parameters of each array, and of the frames."""
    whole = AsOneArray(made)
    clip = clips_for(made, entries=2, seed=seed)
    options = {}
    if with_loss:
        options = {"loss": elements_of(made.blueprint.head_loss), "targets": whole.targets_of(clip)}
    generator = np.random.default_rng(seed)
    return check_gradients(whole, clip, sample=sample, generator=generator, training=True, **options)


@pytest.mark.parametrize(("kind", "reads"), ALL)
@settings(max_examples=3)
@given(
    task=st.sampled_from(TASKS),
    combination=st.sampled_from(COMBINATIONS),
    sizes=shapes(),
    rung=st.sampled_from(["plain", "o2"]),
    backwards=st.booleans(),
    handed_on=st.sampled_from(["all", "hidden"]),
    with_loss=st.booleans(),
)
def test_gradients_are_those_of_differences(kind, reads, with_loss, **drawn):
    made = network(kind, reads, dtype=np.float64, **drawn.pop("sizes"), **drawn)
    report_of(made, with_loss).raise_if_wrong()


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_every_combination(kind, reads, task, combination):
    made = network(kind, reads, task, dtype=np.float64, combination=combination)
    report_of(made, with_loss=True, sample=3).raise_if_wrong()


def test_gradients_of_a_squeezed_output():
    with pytest.warns(UserWarning, match=r"0\.269 to 0\.731"):
        made = network(combination=("0-1", "tanh_sigmoid", "bce"), allow_squeezed=True, dtype=np.float64)
    report_of(made, with_loss=True).raise_if_wrong()


def planted_in_feedback(made):
    head = made.heads["prediction"]
    right = head.stage.step_back
    head.stage.step_back = lambda number, signals: right(number, signals) * 0.99


def planted_in_states(made):
    right = made.encoder.end_with
    made.encoder.end_with = lambda signals: right(
        [each._replace(cells=each.cells * 1.01) for each in signals]
    )


def planted_in_factor(made):
    made.heads["reconstruction"]._last._factor *= 1.01
    right = made.heads["reconstruction"]._last.frames_and_outputs

    def frames_and_outputs(sums):
        return right(sums / 1.01)

    made.heads["reconstruction"]._last.frames_and_outputs = frames_and_outputs


@pytest.mark.parametrize("plant", [planted_in_feedback, planted_in_states, planted_in_factor])
def test_a_planted_wrong_gradient_fails(plant):
    made = network("adapters", dtype=np.float64)
    plant(made)
    assert not report_of(made, with_loss=False, sample=25).ok


def test_descending_at_once_is_a_step_along_the_gradients():
    one, other = (network("adapters", dtype=np.float64) for _ in range(2))
    clip = clips_for(one)[: one.blueprint.steps_in]
    signals = {name: np.cos(each) for name, each in one.forward(clip).items()}
    one.backward(signals)
    other.parameters.gradients[:] = 3
    other.forward(clip)
    other.backward(signals, learning_rate=0.1)
    wanted = one.parameters.values - 0.1 * one.parameters.gradients
    np.testing.assert_allclose(other.parameters.values, wanted, rtol=1e-12)
    assert (other.parameters.gradients == 3).all()
