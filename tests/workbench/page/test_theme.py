"""The colours of the page: text is readable on all its backgrounds, in light and in dark."""

import re
from pathlib import Path

import pytest

import workbench.page
from nn.render import colours

THEME = (Path(workbench.page.__file__).parent / "static" / "theme.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--ganglion-([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r"{(.*?)}", THEME, re.S)
)
PLACES = ("background", "surface")
TEXTS = {
    **dict.fromkeys(("danger", "warning", "accent"), PLACES),
    "ink": (*PLACES, "sunken", "accent-wash"),
    "muted": (*PLACES, "sunken"),
    "on-accent": ("accent",),
}


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(theme: dict[str, str]) -> None:
    for text, places in TEXTS.items():
        for place in places:
            assert contrast(theme[text], theme[place]) >= 4.5, f"{text} on {place}"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_curves_and_controls_can_be_seen(theme: dict[str, str]) -> None:
    for name in ("control", "accent", "train", "held-out", "positive", "negative"):
        assert contrast(theme[name], theme["surface"]) >= 3, name


def test_both_have_the_same_names_and_the_light_one_the_colours_of_the_pictures() -> None:
    assert LIGHT.keys() == DARK.keys()
    shared = {"train": colours.TRAIN, "held-out": colours.HELD_OUT}
    shared |= {"positive": colours.POSITIVE, "negative": colours.NEGATIVE}
    assert shared.items() <= LIGHT.items()
