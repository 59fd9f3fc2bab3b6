"""Neurons and connections changed from the page, in a real browser, and compared with the saved model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autoencoder.model import AutoEncoder
from autoencoder.session import HALVES
from tests.support.browser import Opened, bias_of, opened, parameters_of, playwright, saved_model, weight_of
from workbench.inspect.anatomy import Anatomy

CODE, NEURON = 2, 4


@pytest.fixture
def page(chromium: "playwright.Browser", tmp_path: Path) -> Iterator[Opened]:
    with opened(chromium, tmp_path) as found:
        yield found


def closed_model(page: Opened) -> AutoEncoder:
    """Stop training, if there is any, after one more step, which saves the model."""
    if page.part("state").get_attribute("data-state") == "training":  # also while kernels compile
        page.stop()
    return saved_model(page.served.model_directory)


def test_the_bias_of_a_clicked_neuron_is_exactly_what_was_typed(page: Opened) -> None:
    page.choose_neuron(CODE, NEURON)
    item = f"edit-item-{CODE}-{NEURON}"
    page.edit(item, "edit-lock").check()
    page.edit(item, "edit-bias").fill("0.3125")
    page.edit(item, "edit-bias").press("Enter")
    page.wait_for_change("bias")
    page.train_to(10)
    assert bias_of(page.served.model_directory, CODE, NEURON) == 0.3125


def test_a_bias_is_changed_by_its_slider_while_training(page: Opened) -> None:
    page.part("start").click()
    page.choose_neuron(CODE, NEURON)
    item = f"edit-item-{CODE}-{NEURON}"
    page.edit(item, "edit-lock").check()
    slider = page.edit(item, "edit-bias-slider")
    slider.focus()
    slider.press("End")
    shown = page.edit(item, "edit-bias")
    playwright.expect(shown).not_to_have_value("0")
    page.wait_for_change("bias")
    bias = float(shown.input_value())
    assert bias != 0
    closed_model(page)
    assert bias_of(page.served.model_directory, CODE, NEURON) == np.float32(bias)


def test_a_locked_neuron_does_not_learn_and_the_others_do(page: Opened) -> None:
    page.part("step").click()
    page.wait_for_step(1)
    page.choose_neuron(CODE, NEURON)
    page.edit(f"edit-item-{CODE}-{NEURON}", "edit-lock").check()
    page.wait_for_change("lock")
    page.train_to(5)
    before = parameters_of(page.served.model_directory).copy()
    page.train_to(int(page.text("step-count").replace(",", "")) + 20)
    model = saved_model(page.served.model_directory)
    after, locked = (
        model.network.parameters.values,
        Anatomy(model.network, HALVES).incoming_parameters(CODE, NEURON),
    )
    assert np.array_equal(before[locked], after[locked])
    assert np.count_nonzero(before != after) > after.size // 2


def test_a_clamped_neuron_keeps_its_value_and_is_let_go(page: Opened) -> None:
    page.choose_neuron(CODE, NEURON)
    item = f"edit-item-{CODE}-{NEURON}"
    page.edit(item, "edit-value").fill("2.5")
    page.edit(item, "edit-value").press("Enter")
    playwright.expect(page.edit(item, "edit-clamp")).to_be_checked()
    page.train_to(10)
    page.part("network").focus()
    playwright.expect(page.part("network-info")).to_contain_text("2.5")
    page.edit(item, "edit-clamp").uncheck()
    playwright.expect(page.edit(item, "edit-value")).not_to_have_value("2.5")


def test_a_connection_that_is_clicked_gets_the_weight_that_is_typed(page: Opened) -> None:
    page.train_to(5)
    page.choose_neuron(CODE, NEURON)
    page.wait(
        "at => { const canvas = document.querySelector('canvas[data-test=network]');"
        " try { return Boolean(canvas.curveAt(...at)); } catch { return false; } }",
        strongest_of(page),
    )
    layer, target, source = strongest_of(page)
    place = page.part("network").evaluate("(canvas, at) => canvas.curveAt(...at)", [layer, target, source])
    page.page.mouse.click(place["x"], place["y"])
    item = page.page.locator("[data-test^='edit-connection-']").first
    item.wait_for()
    _, _, *address = item.get_attribute("data-test").split("-")
    layer, target, source = map(int, address)
    name = f"edit-connection-{layer}-{target}-{source}"
    page.edit(name, "edit-weight").fill("-0.75")
    page.edit(name, "edit-weight").press("Enter")
    page.edit(name, "edit-lock").check()
    page.wait_for_change("lock_weight")
    page.train_to(10)
    assert weight_of(page.served.model_directory, layer, target, source) == -0.75


def strongest_of(page: Opened) -> list[int]:
    """The strongest connection into the chosen neuron of the model in its first save."""
    model = saved_model(page.served.model_directory)
    anatomy = Anatomy(model.network, HALVES)
    into = anatomy.incoming(CODE, NEURON)
    weights = model.network.parameters.values[into.places]
    return [CODE, NEURON, int(into.neurons[np.abs(weights).argmax()])]


def test_neurons_are_chosen_by_keyboard(page: Opened) -> None:
    page.part("network").focus()
    for key in ("PageDown", "PageDown", "ArrowRight", "Enter"):
        page.page.keyboard.press(key)
    page.page.locator("[data-test^='edit-item-']").first.wait_for()


def test_what_cannot_be_is_refused_and_nothing_changes(page: Opened) -> None:
    page.train_to(5)
    before = bias_of(page.served.model_directory, CODE, NEURON)
    page.choose_neuron(CODE, NEURON)
    bias = page.edit(f"edit-item-{CODE}-{NEURON}", "edit-bias")
    shown = bias.input_value()
    bias.fill("1e39")
    bias.press("Enter")
    playwright.expect(page.page.get_by_text("float32").last).to_be_visible()
    playwright.expect(bias).to_have_value(shown)
    page.part("snapshot").click()
    page.part("snapshots").locator("option[value^=step-]").wait_for(state="attached")
    assert bias_of(page.served.model_directory, CODE, NEURON) == before
