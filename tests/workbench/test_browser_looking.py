"""A network that is not trained, in a browser: looked at, edited, and trained by whoever looks."""

import re
from pathlib import Path

import pytest

from experiments.serving import interrupt, watched_program
from networks.model_file import load_model
from tests.support.browser import visited
from tests.support.web_browser import playwright

PROGRAM = "tests.support.looking_program"


def test_a_network_is_looked_at_edited_and_trained(chromium: "playwright.Browser", tmp_path: Path) -> None:
    saved = tmp_path / "looked.safetensors"
    with watched_program(tmp_path, PROGRAM, str(saved)) as served, visited(chromium, served) as page:
        page.wait_for_text("state", "idle")
        page.choose_neuron(1, 5)
        answer = page.part("image-answer-0")
        playwright.expect(answer).to_have_text(re.compile(r"^\d \(0\)$"))
        assert page.text("step-count") == "0"
        page.part("find-classes").click()
        playwright.expect(page.part("classes-right")).to_contain_text("of 40 training examples, step 0")
        right = page.page.locator(".g-right-cell").all_inner_texts()
        wrong = page.page.locator(".g-wrong-cell").all_inner_texts()
        assert sum(map(int, right + wrong)) == 40
        assert page.number("classes-right") == pytest.approx(100 * sum(map(int, right)) / 40)
        page.part("next-mistake").click()
        playwright.expect(answer).not_to_have_text(re.compile(r"^(\d) \(\1\)$"))
        page.page.locator(".g-wrong-cell").first.click()
        page.part("position").fill("0")
        page.part("position").press("Enter")
        page.edit("edit-item-1-5", "edit-bias").fill("0.625")
        page.edit("edit-item-1-5", "edit-bias").press("Enter")
        page.edit("edit-item-1-5", "edit-lock").check()
        playwright.expect(page.page.locator(".g-panel-journal")).to_contain_text("lock")
        page.train_to(3)
        interrupt(served.process)
    network = load_model(saved)
    assert network.parameters["0.biases"][5] == 0.625
