"""Which settings would do nothing for a run of networks of videos."""

from __future__ import annotations

from experiments.idle_settings import Idle
from experiments.video.settings import Settings
from networks.video.blueprint import SQUEEZED

OF_DIGITS = ("digits_per_clip", "digit_size", "step_length")
OF_FILMS = ("fit", "rate", "axes")


def idle_settings(settings: Settings, *, digits: bool) -> list[Idle]:
    """Return which settings do nothing, and what they would need.

    Parameters
    ----------
    settings
        Of a run that is begun.
    digits
        Whether clips are made of digits, not cut from films.
    """
    return [*_of_data(settings, digits=digits), *_of_networks(settings), *_of_losses(settings)]


def _of_data(settings: Settings, *, digits: bool) -> list[Idle]:
    if not digits:
        return [Idle(OF_DIGITS, "is for digits that move, and the data are films: take other --data")]
    found = [
        Idle(("stride", "clip_order"), "is for films, and the data are digits that move: take other --data")
    ]
    if settings.test_data is None:
        reason = "is for films, and the data are digits that move: take other --data, or films as --test-data"
        found.append(Idle(OF_FILMS, reason))
    return found


def _of_networks(settings: Settings) -> list[Idle]:
    model, found = settings.model, []
    if model != "convolutional_lstm":
        names = ("patch", "kernel")
        found.append(Idle(names, f"is for --model convolutional_lstm, and this is {model}: take that"))
    if model != "convolution":
        names = ("filters", "halvings")
        found.append(Idle(names, f"is for --model convolution, and this is {model}: take that"))
    return found


def _of_losses(settings: Settings) -> list[Idle]:
    last, task, found = settings.last_activation, settings.task, []
    if last not in ("sigmoid", SQUEEZED):
        found.append(Idle(("factor",), f"is for a sigmoid, and the last activation is {last}: take another"))
    if last != SQUEEZED:
        found.append(Idle(("allow_squeezed",), f"is for --last {SQUEEZED}: take that"))
    if task != "both":
        other = "reconstruction" if task == "prediction" else "prediction"
        found.append(Idle((f"{other}_weight",), _left_out(other, task)))
    if task == "prediction":
        found.append(Idle(("order",), _left_out("reconstruction", task)))
    return found


def _left_out(head: str, task: str) -> str:
    return f"is for the {head}, which --task {task} leaves out: take both"
