"""Schedules: against PyTorch's, their ends and slopes, their states, and what they refuse."""

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    Moment,
    Plateau,
    Step,
    WarmUp,
    schedule_by_name,
    schedule_from_configuration,
)

STEPS_PER_EPOCH = 4
FACTORS = st.floats(0.05, 1.0)


def at(progress=0.0, epochs=0.0, step=0):
    return Moment(progress, epochs, step)


def factors_by_epoch(schedule, epochs):
    """Return the factor at the beginning of every epoch."""
    return [schedule(at(epoch / epochs, float(epoch), epoch * STEPS_PER_EPOCH)) for epoch in range(epochs)]


def torch_factors(epochs, name, **settings):
    """Return the factor of a PyTorch scheduler in every epoch."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **settings)
    factors = []
    for _ in range(epochs):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return factors


def test_constant_is_one_everywhere():
    assert [Constant()(at(progress)) for progress in (0.0, 0.3, 1.0)] == [1.0, 1.0, 1.0]


@given(factor=FACTORS, every=st.integers(1, 9))
def test_step_is_that_of_torch(factor, every):
    expected = torch_factors(20, "StepLR", gamma=factor, step_size=every)
    assert factors_by_epoch(Step(factor, every), 20) == pytest.approx(expected)


@given(factor=FACTORS)
def test_exponential_is_that_of_torch(factor):
    expected = torch_factors(20, "ExponentialLR", gamma=factor)
    assert factors_by_epoch(Exponential(factor), 20) == pytest.approx(expected)


@given(final=st.floats(0, 1), epochs=st.integers(1, 30))
def test_cosine_is_that_of_torch(final, epochs):
    expected = torch_factors(epochs, "CosineAnnealingLR", T_max=epochs, eta_min=final)
    assert factors_by_epoch(Cosine(final=final), epochs) == pytest.approx(expected, abs=1e-12)


@given(start=st.floats(0.01, 1), length=st.integers(1, 12))
def test_warm_up_over_epochs_is_that_of_torch(start, length):
    expected = torch_factors(20, "LinearLR", start_factor=start, total_iters=length)
    assert factors_by_epoch(WarmUp(length=length, start=start), 20) == pytest.approx(expected)


def test_warm_up_over_steps_multiplies_the_other_schedule():
    schedule = WarmUp(Step(0.5, epochs=2), length=8, unit="steps")
    factors = [schedule(at(0.0, step / STEPS_PER_EPOCH, step)) for step in (0, 2, 6, 7, 8, 15, 16)]
    assert factors == [0, 0.25, 0.75, 0.875, 0.5, 0.5, 0.25]


def test_exponential_falls_within_an_epoch_and_step_does_not():
    assert Exponential(0.25)(at(epochs=1.5)) == pytest.approx(0.125)
    assert [Step(0.5, 2)(at(epochs=epochs)) for epochs in (0, 1.99, 2, 3.5, 4)] == [1, 1, 0.5, 0.5, 0.25]


def test_cosine_goes_from_one_through_the_middle_to_the_final_factor():
    schedule = Cosine(final=0.2)
    assert schedule(at(0.0)) == 1.0
    assert schedule(at(0.5)) == pytest.approx(0.6)
    assert schedule(at(1.0)) == pytest.approx(0.2)
    assert schedule(at(1 / 3)) == pytest.approx(0.2 + 0.8 * (1 + math.cos(math.pi / 3)) / 2)


def test_the_warm_up_of_cosine_rises_in_a_straight_line_and_joins_it():
    schedule = Cosine(warmup=0.1)
    assert schedule(at(0.0)) == 0.0
    assert schedule(at(0.025)) == pytest.approx(0.25)
    assert schedule(at(0.1)) == 1.0
    assert schedule(at(0.1 - 1e-9)) == pytest.approx(1.0)
    assert schedule(at(0.55)) == pytest.approx(0.5)


@pytest.mark.parametrize("warmup", [0.0, 0.3])
def test_after_the_warm_up_the_factor_never_rises(warmup):
    factors = [Cosine(warmup, final=0.05)(at(warmup + (1 - warmup) * step / 100)) for step in range(101)]
    assert all(after < before for before, after in itertools.pairwise(factors))


USUAL = st.sampled_from([3.0, 2.0, 1.0, 0.99, 0.95, 0.9, 0.5]) | st.floats(0.1, 3)
LOSSES = st.lists(USUAL | st.sampled_from([math.nan, math.inf]), max_size=40)


@given(
    losses=LOSSES,
    factor=st.floats(0.1, 0.9),
    patience=st.integers(0, 4),
    threshold=st.sampled_from([0.0, 1e-4, 0.02]),
    cooldown=st.integers(0, 3),
    minimum=st.sampled_from([0.0, 0.2]),
)
def test_plateau_is_that_of_torch_also_when_it_is_saved_and_loaded(losses, minimum, **settings):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    reference = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, min_lr=minimum, eps=0, **settings)
    schedule = Plateau(minimum=minimum, **settings)
    for loss in losses:
        schedule.observe(loss)
        reference.step(loss)
        assert schedule(at()) == optimizer.param_groups[0]["lr"]
        resumed = Plateau(minimum=minimum, **settings)
        resumed.load_state(json.loads(json.dumps(schedule.state())))
        assert resumed == schedule
        schedule = resumed


def test_a_plateau_that_begins_with_nan_does_not_cut_the_rate_on_the_way_up_from_it():
    schedule, wrapped = Plateau(patience=1), WarmUp(Plateau(patience=1), length=1)
    for each in (schedule, wrapped):
        for loss in (math.nan, 5.0, 4.0, 3.0, 2.0):
            each.observe(loss)
        assert each.state()["current"] == 1
        assert each.state()["best"] == 2.0


def test_plateau_waits_for_its_patience_and_cools_down():
    schedule, factors = Plateau(factor=0.5, patience=1, cooldown=2, minimum=0.25), []
    for loss in (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5):
        schedule.observe(loss)
        factors.append(schedule(at()))
    assert factors == [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25]


def test_plateau_sees_a_negative_loss_fall():
    schedule = Plateau(patience=0, threshold=0.1)
    for loss in (-1.0, -1.2, -1.5):
        schedule.observe(loss)
    assert schedule(at()) == 1
    schedule.observe(-1.6)
    assert schedule(at()) == 0.1


def test_a_plateau_below_its_minimum_does_not_rise_to_it():
    schedule = Plateau(patience=0, minimum=2.0)
    for _ in range(3):
        schedule.observe(1.0)
    assert schedule(at()) == 1


def test_warm_up_passes_on_losses_and_state():
    schedule, resumed = (WarmUp(Plateau(patience=0), length=2) for _ in range(2))
    for loss in (1.0, 2.0):
        schedule.observe(loss)
    assert schedule(at(epochs=1)) == pytest.approx(0.05)
    resumed.load_state(schedule.state())
    assert resumed(at(epochs=1)) == pytest.approx(0.05)


STATE = Plateau().state()


@pytest.mark.parametrize(
    ("schedule", "state", "message"),
    [
        (Cosine(), {"best": 1.0}, "cosine: keeps no state"),
        (Plateau(), {}, "plateau: state has"),
        (Plateau(), {**STATE, "worst": 1}, "worst"),
        (Plateau(), {**STATE, "current": "1"}, "current is '1'"),
        (Plateau(), {**STATE, "current": None}, "current is None"),
        (Plateau(), {**STATE, "epochs_to_cool": 0.5}, "epochs_to_cool is 0.5"),
        (WarmUp(Plateau()), {**STATE, "best": "low"}, "best is 'low'"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(schedule, state, message):
    before = schedule.state()
    with pytest.raises(ValueError, match=message):
        schedule.load_state(state)
    assert schedule.state() == before


@pytest.mark.parametrize("schedule", [Constant(), Step(), Exponential(), Cosine(), WarmUp(Cosine())])
def test_schedules_that_depend_on_the_moment_alone_keep_nothing(schedule):
    schedule.observe(1.0)
    assert schedule.state() == {}
    schedule.load_state({})


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (Cosine, {"warmup": 1.0}, "schedule cosine: warmup"),
        (Cosine, {"warmup": -0.1}, "schedule cosine: warmup"),
        (Cosine, {"final": 1.5}, "schedule cosine: final"),
        (Cosine, {"final": math.nan}, "schedule cosine: final"),
        (Step, {"factor": 0.0}, "factor"),
        (Step, {"epochs": 0}, "epochs"),
        (Exponential, {"factor": 1.1}, "factor"),
        (WarmUp, {"length": math.inf}, "length"),
        (WarmUp, {"unit": "days"}, "epochs or steps"),
        (WarmUp, {"start": -1}, "start"),
        (Plateau, {"factor": math.nan}, "factor"),
        (Plateau, {"patience": -1}, "patience"),
        (Plateau, {"minimum": math.inf}, "minimum"),
    ],
)
def test_settings_out_of_range_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind(**settings)


@pytest.mark.parametrize(
    "schedule",
    [
        *(schedule_by_name(name) for name in SCHEDULES),
        Step(0.5, 7),
        WarmUp(WarmUp(Plateau(patience=3), 100, "steps"), 2.5, start=0.1),
    ],
)
def test_a_schedule_comes_back_from_its_configuration(schedule):
    configuration = json.loads(json.dumps(schedule.to_configuration()))
    assert configuration["name"] == schedule.name
    assert schedule_from_configuration(configuration) == schedule


def test_a_configuration_that_is_nested_too_deeply_is_refused():
    nested = {"name": "constant"}
    for _ in range(3000):
        nested = {"name": "warm_up", "schedule": nested}
    with pytest.raises(ValueError, match="nested too deeply"):
        schedule_from_configuration(nested)


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"name": "cosinus"}, "did you mean cosine"),
        ({}, "unknown schedule None"),
        ({"name": "step", "gamma": 0.1}, "schedule step: unknown field gamma"),
        ({"name": "plateau", "_best": 0.1}, "unknown field _best"),
        ({"name": "step", "factor": "0.1"}, "field factor is '0.1', not of type float"),
        ({"name": "plateau", "patience": True}, "field patience is True, not of type int"),
        ({"name": "warm_up", "schedule": "cosine"}, "field schedule is 'cosine'"),
        ({"name": "warm_up", "schedule": {"name": "cosine", "end": 0}}, "cosine: unknown field end"),
        ({"name": "warm_up", "unit": 3}, "unit 3"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(configuration, message):
    with pytest.raises(ValueError, match=message):
        schedule_from_configuration(configuration)


def test_a_flat_loss_below_zero_is_a_plateau_here_and_progress_to_torch():
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    ours = Plateau(patience=1)
    for _ in range(10):
        ours.observe(-1.0)
        theirs.step(-1.0)
    assert optimizer.param_groups[0]["lr"] == 1
    assert ours(at()) < 1
