"""Pictures of the page, taken from the real one by a real browser while it trains.

    python -m experiments.page_pictures data

writes an animation on MNIST, and pictures of windows on photographs, of a random graph, of two experiments
that are watched, of adversarial networks, of networks of videos and of recorded runs, to docs/pictures.
Needs a Chromium and `pip install 'ganglion[web]' playwright`.
"""

from __future__ import annotations

import argparse
import io
import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from autoencoder.__main__ import main as train
from experiments.serving import Served, find_browser, served_program, serving, watched_program, watching

WIDTH, HEIGHT = 1440, 900
MOST_MILLISECONDS = 300_000
FRAME_MILLISECONDS = 400
FRAMES = 24
SEEN = (
    "document.querySelector('canvas[data-test=network]')?.dataset.frames > 0"
    " || document.querySelector('[data-test=runs]')?.dataset.rows > 0"
)
"""When there is something to see on a page."""

ANIMATION_WIDTH = 1080


class Scene(NamedTuple):
    """A run, and the actions on its page before its picture is taken.

    Attributes
    ----------
    name
        Of the picture's file.
    options
        Of `autoencoder serve`, beside the images.
    images
        In the folder of data; None for the built-in digits.
    act
        Does things on the page, and returns the pictures to write: one, or those of an animation.
    dark
        Whether the page is dark.
    watched
        The experiment whose training is shown, in place of `autoencoder serve`; "gan" and "video" are
        programs with runs in folders, "records" is the page of experiments.
    """

    name: str
    options: Sequence[str]
    images: str | None
    act: Callable[[Any], list[Image.Image]]
    dark: bool = False
    watched: str | None = None


def picture(page: Any) -> Image.Image:
    """Return a screenshot of the browser."""
    return Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def wait_for_steps(page: Any, steps: int) -> None:
    """Wait until a number of steps are done."""
    shown = "Number(document.querySelector('[data-test=step-count]').innerText.replace(/\\D/g, ''))"
    page.wait_for_function(f"{shown} >= {steps}", timeout=MOST_MILLISECONDS)


def choose(page: Any, layer: int, neuron: int) -> None:
    """Click on a neuron, and move the pointer away."""
    place = page.locator("[data-test=network]").evaluate(
        "(canvas, at) => canvas.cellAt(...at)", [layer, neuron]
    )
    page.mouse.click(place["x"], place["y"])
    page.mouse.move(WIDTH // 2, 20)


def turn(page: Any, slider: str, pages: int, pause: int) -> list[Image.Image]:
    """Turn a slider from its lowest value up by some pages, with a picture after a pause for each."""
    found, pictures = page.locator(f"[data-test={slider}]"), []
    found.focus()
    for key in ("Home", *["PageUp"] * pages):
        found.press(key)
        page.wait_for_timeout(pause)
        pictures.append(picture(page))
    return pictures


def learn(page: Any) -> list[Image.Image]:
    """Press start and wait; then choose a neuron of the code, and change one of its numbers."""
    pictures = [picture(page)]
    page.locator("[data-test=start]").click()
    for number in range(FRAMES):
        page.wait_for_timeout(FRAME_MILLISECONDS)
        if number == FRAMES // 2:
            choose(page, 3, 12)
        pictures.append(picture(page))
    return pictures + turn(page, "code-slider-0", 6, FRAME_MILLISECONDS)


def settle(layer: int, neuron: int, steps: int) -> Callable[[Any], list[Image.Image]]:
    """Return an action that trains for some steps, stops, and looks at a neuron."""

    def act(page: Any) -> list[Image.Image]:
        page.locator("[data-test=start]").click()
        wait_for_steps(page, steps)
        page.locator("[data-test=stop]").click()
        page.locator("[data-test=start]:enabled").wait_for()
        choose(page, layer, neuron)
        page.wait_for_timeout(2000)
        return [picture(page)]

    return act


LOCAL = (
    *("--width", "64", "--height", "64", "--channels", "3", "--fit", "random-crop", "--crops", "60"),
    *("--architecture", "local", "--layers", "8,16,4", "--code-size", "256", "--epochs", "10000"),
)
GRAPH = (
    "--architecture",
    "graph",
    "--layers",
    "200,100",
    "--code-size",
    "24",
    "--connections",
    "8",
    "--epochs",
    "10000",
)


def look(layer: int, neuron: int, steps: int) -> Callable[[Any], list[Image.Image]]:
    """Return an action that waits for some steps of a running training, and looks at a neuron."""

    def act(page: Any) -> list[Image.Image]:
        wait_for_steps(page, steps)
        choose(page, layer, neuron)
        page.wait_for_timeout(2000)
        return [picture(page)]

    return act


def generate(page: Any) -> list[Image.Image]:
    """Wait until digits can be read, and look at how one of them is made."""
    wait_for_steps(page, 1000)
    page.locator("[data-test=sample-13]").click()
    choose(page, 7, (14 * 28 + 14) * 16 + 3)
    page.wait_for_timeout(4000)
    return [picture(page)]


def play(page: Any) -> list[Image.Image]:
    """Wait until digits can be told from where they are not, stop, and look at a gate of the predictor."""
    wait_for_steps(page, 1000)
    page.locator("[data-test=stop]").click()
    page.locator("[data-test=start]:enabled").wait_for()
    page.locator("[data-test=source]").select_option("held_out")
    moment = page.locator("[data-test=moment]")
    moment.press("Home")
    for _ in range(4):
        moment.press("ArrowRight")
    page.wait_for_timeout(4000)
    choose(page, 13, 136 * 4 + 2)
    page.wait_for_timeout(4000)
    return [picture(page)]


def choose_all(page: Any) -> list[Image.Image]:
    """Choose all runs, and wait until their curves are drawn."""
    page.locator("[data-test=choose-all]").click()
    page.wait_for_function("document.querySelector('[data-test=curves-0]')?.dataset.points > 0")
    page.wait_for_timeout(2000)
    return [picture(page)]


VIDEO = (
    *("--size", "32", "--units", "256", "--adapter", "128", "--digits-per-clip", "1", "--steps", "100000"),
    *("--report-every", "50", "--validation-clips", "50"),
)
RECORDED = ("--limit", "6000", "--width", "16", "--height", "16", "--layers", "64", "--epochs", "8")
WATCHED = ("--limit", "3000", "--epochs", "200")

SCENES = (
    Scene("page_digits", (), "mnist", learn),
    Scene("page_photographs", LOCAL, "photos", settle(3, 130, 400)),
    Scene("page_graph", (*GRAPH, "--limit", "3000"), None, settle(3, 9, 1000), dark=True),
    Scene("page_rows", WATCHED, None, look(1, 4700, 300), watched="row_by_row"),
    Scene("page_convolution", WATCHED, None, look(3, 2500, 300), watched="small_convolution"),
    Scene("page_gan", ("--epochs", "200"), None, generate, watched="gan"),
    Scene("page_experiments", RECORDED, None, choose_all, watched="records"),
    Scene("page_video", VIDEO, None, play, watched="video"),
)


@contextmanager
def recorded(folder: Path, options: Sequence[str]) -> Iterator[Served]:
    """Train two sizes of code with three seeds each, and serve the page of their records."""
    records = str(folder / "records.sqlite")
    for code, seed in itertools.product(("8", "32"), ("0", "1", "2")):
        places = (
            "--model-directory",
            str(folder / code / seed),
            "--output-directory",
            str(folder / code / seed),
        )
        words = ["train", *options, "--code-size", code, "--seed", seed, *places, "--records", records]
        if train(words) != 0:
            raise RuntimeError(f"autoencoder {' '.join(words)}: failed")
    with served_program(folder, "experiments", "serve", "--records", records) as served:
        yield served


def running(scene: Scene, folder: Path, options: Sequence[str]) -> AbstractContextManager[Served]:
    """Return a context in which the scene's run is served."""
    if scene.watched is None:
        return serving(folder, *options)
    if scene.watched == "records":
        return recorded(folder, options)
    if scene.watched in ("gan", "video"):
        place = ("--folder", str(folder / "run"))
        return watched_program(folder, "experiments", scene.watched, "train", "--watch", *place, *options)
    return watching(folder, scene.watched, *options)


@contextmanager
def page_of(scene: Scene, data: Path, browser: Any) -> Iterator[Any]:
    """Serve the scene's run and open its page."""
    source = () if scene.images is None else ("--input-directory", str(data / scene.images))
    options = *scene.options, *source
    with tempfile.TemporaryDirectory() as name, running(scene, Path(name), options) as served:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark" if scene.dark else "light"
        )
        page = context.new_page()
        page.set_default_timeout(MOST_MILLISECONDS)
        page.goto(served.address)
        page.wait_for_function(SEEN)
        page.wait_for_timeout(1000)
        yield page
        context.close()


def write(pictures: Sequence[Image.Image], path: Path) -> Path:
    """Write one picture as PNG, several as an animation; return where."""
    if len(pictures) == 1:
        pictures[0].quantize(256, dither=Image.Dither.NONE).save(path.with_suffix(".png"), optimize=True)
        return path.with_suffix(".png")
    size = ANIMATION_WIDTH, ANIMATION_WIDTH * HEIGHT // WIDTH
    smaller = [each.resize(size, Image.Resampling.LANCZOS) for each in pictures]
    durations = [FRAME_MILLISECONDS] * (len(smaller) - 1) + [4 * FRAME_MILLISECONDS]
    path = path.with_suffix(".webp")
    smaller[0].save(
        path, save_all=True, append_images=smaller[1:], duration=durations, loop=0, quality=80, method=6
    )
    return path


def main() -> int:
    """Take the pictures; return the exit status."""
    names = [scene.name for scene in SCENES]
    parser = argparse.ArgumentParser(prog="python -m experiments.page_pictures", description=__doc__)
    parser.add_argument("data", type=Path, help="folder that holds mnist and photos")
    parser.add_argument("--only", choices=names, action="append", help="take these alone")
    parser.add_argument("--output", type=Path, default=Path("docs/pictures"), help="default %(default)s")
    options = parser.parse_args()
    path = find_browser()
    if path is None:
        parser.error("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for scene in SCENES:
            if scene.name in (options.only or names):
                with page_of(scene, options.data, browser) as page:
                    print(write(scene.act(page), options.output / scene.name))
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
