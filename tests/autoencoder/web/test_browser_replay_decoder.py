"""The decoder in the page of a recording computes what it computes here, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from autoencoder.live.codes import HALVES, Codes
from autoencoder.replay_decoder import decoder_bytes, decoder_part
from nn.activations import ACTIVATIONS, Activation
from tests.support.browser import saved_model
from tests.support.live_models import ARCHITECTURES, make_session
from tests.support.replay_pages import make_page, numbers_in, opened_from_disk
from tests.support.web_browser import expect
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.probe import Probe
from workbench.replay_page.document import make_document
from workbench.replay_page.plan import Plan
from workbench.replay_page.recording import Recording
from workbench.run.changes import parse_changes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.usefixtures("one_thread")

ENTRY = """
import { forward, FUNCTIONS } from "/assets/replay/forward.js";
import { build } from "/assets/replay/page.js";

build((recording) => {
  const { arrays, wires, header } = recording;
  const [weights, biases] = [arrays["decoder weights"].data, arrays["decoder biases"].data];
  const part = { ...header.decoder, weights, biases };
  window.decode = (code) => [...forward(wires, part, code)];
  window.apply = (name, slope, sums) => sums.map((sum) => FUNCTIONS[name](sum, slope));
  return [];
});
"""

DRAWN = "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, "unmixed"])
def test_images_are_those_of_the_decoder(architecture: str, chromium: "Browser", tmp_path: Path) -> None:
    session = make_session(architecture)
    layers = range(session.steering.anatomy.code + 1, len(session.steering.anatomy.layers))
    clamped = {"kind": "clamp", "layer": layers[0], "neuron": 3, "value": 0.75}
    session.steering.apply(parse_changes([clamped]))
    recording = Recording(session, Plan(frames=1, weights="none"))
    recording.add(session)
    header, arrays = recording.message(session)
    decoder, decoder_arrays = decoder_part(session, recording)
    (tmp_path / "entry.js").write_text(ENTRY)
    about = {**header, **decoder, "about": [], "logarithmic": False}
    document = make_document("", about, arrays | decoder_arrays, "/test/entry.js", {"/test/": tmp_path})
    (tmp_path / "page.html").write_bytes(document)
    codes = Codes(session, Probe(session.network, session.labels))
    size = session.model.code_shape.size
    given = np.concatenate([decoder_arrays["codes"][:3], np.random.default_rng(2).normal(size=(3, size)) * 3])
    expected = codes._run("decoder", given.astype(np.float32).reshape(-1, *session.model.code_shape))
    with opened_from_disk(chromium, tmp_path / "page.html") as page:
        for code, image in zip(given.astype(np.float32), expected, strict=True):
            found = page.locator("body").evaluate("(_, code) => window.decode(code)", code.tolist())
            np.testing.assert_allclose(found, image.ravel(), rtol=1e-5, atol=1e-5)
        if architecture == "dense":
            check_activations(page)


def check_activations(page: "Page") -> None:
    sums = np.array([-30, -3, -1, -0.4, 0, 1e-3, 0.7, 1, 2.5, 40])
    for kind in ACTIVATIONS.values():
        activation: Activation = kind(0.125) if kind.name in ("leaky_relu", "squash") else kind()
        found = page.locator("body").evaluate(
            "(_, given) => window.apply(...given)", [kind.name, activation.slope, sums.tolist()]
        )
        np.testing.assert_allclose(found, activation(sums), rtol=1e-12, atol=1e-12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of a run with a code of more numbers than are shown at first."""
    return make_page(tmp_path_factory.mktemp("decoder"), 3, code_size=20)


@pytest.fixture(scope="module")
def page(chromium: "Browser", folder: Path) -> Iterator["Page"]:
    with opened_from_disk(chromium, folder / "replay.html", viewport={"width": 1500, "height": 900}) as found:
        yield found


def test_sliders_begin_at_the_code_and_change_the_image(page: "Page", folder: Path) -> None:
    _, arrays = numbers_in((folder / "replay.html").read_bytes())
    model = saved_model(folder / "model")
    page.get_by_test_id("example-2").click()
    code = arrays["codes"][2].copy()
    number = int(arrays["code order"][0])
    assert_shows(page, model.decode(code[None])[0])
    slider = page.get_by_test_id(f"code-slider-{number}")
    slider.focus()
    slider.press("End")
    expect(page.get_by_text("changed by hand")).to_be_visible()
    code[number] = float(slider.input_value())
    assert code[number] > arrays["codes"][2][number]
    assert_shows(page, model.decode(code[None])[0])
    page.get_by_test_id("code-reset").click()
    assert_shows(page, model.decode(arrays["codes"][2][None])[0])


def assert_shows(page: "Page", image: np.ndarray) -> None:
    """Check the picture, which is drawn with the next one of the screen."""
    page.locator("body").evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
    pixels = np.array(page.get_by_test_id("code-image").evaluate(DRAWN)).reshape(-1, 4)[:, 0]
    assert np.abs(pixels - 255 * image.ravel()).max() <= 0.51


def test_the_numbers_that_vary_least_are_shown_on_demand(page: "Page") -> None:
    sliders = page.locator("[data-test^=code-slider]")
    assert sliders.filter(visible=True).count() == 16
    page.get_by_test_id("code-all").click()
    assert sliders.filter(visible=True).count() == 20


def test_large_decoders_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_session("dense")
    recording = Recording(session, Plan(frames=1))
    connections = sum(map(Anatomy(session.network, HALVES).connections, (3, 4)))
    monkeypatch.setattr("autoencoder.replay_decoder.MOST_CONNECTIONS", connections)
    assert decoder_bytes(session.steering.anatomy) > 4 * connections
    monkeypatch.setattr("autoencoder.replay_decoder.MOST_CONNECTIONS", connections - 1)
    assert decoder_part(session, recording) == ({}, {})
    assert decoder_bytes(session.steering.anatomy) == 0
