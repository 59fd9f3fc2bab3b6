"""How the page behaves under the hand, in a real browser: the tests share one page, in their order."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Opened, opened, playwright

CODE, NEURON = 2, 4
ITEM = f"edit-item-{CODE}-{NEURON}"


@pytest.fixture(scope="module")
def page(chromium: "playwright.Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(chromium, tmp_path_factory.mktemp("run")) as found:
        yield found


def test_changes_are_undone_and_redone_by_buttons_and_keys(page: Opened) -> None:
    for name in ("undo", "redo"):
        playwright.expect(page.part(name)).to_be_disabled()
        playwright.expect(page.part(name)).to_have_attribute("title", f"Nothing to {name}")
    page.choose_neuron(CODE, NEURON)
    bias, rate = page.edit(ITEM, "edit-bias"), page.part("learning-rate")
    given = rate.input_value()
    bias.fill("0.3125")
    page.page.keyboard.press("Control+z")  # of what is typed: the browser's own
    bias.fill("0.3125")
    bias.press("Enter")
    page.fill("learning-rate", "0.02")
    playwright.expect(page.part("undo")).to_have_attribute("title", "Undo: learning rate = 0.02 (Ctrl + Z)")
    page.part("undo").click()
    playwright.expect(rate).to_have_value(given)
    bias.focus()
    page.page.keyboard.press("Control+z")
    playwright.expect(bias).to_have_value("0")
    playwright.expect(page.part("undo")).to_be_disabled()
    page.page.keyboard.press("Control+Shift+Z")
    playwright.expect(bias).to_have_value("0.3125")
    page.part("redo").click()
    playwright.expect(rate).to_have_value("0.02")
    playwright.expect(page.part("journal")).to_contain_text("redo: learning rate = 0.02")
    assert [event.get("why") for event in page.events("change")] == [
        None,
        None,
        "undo",
        "undo",
        "redo",
        "redo",
    ]
