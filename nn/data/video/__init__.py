"""Clips: frames of one size that follow each other, made up, or read from files of any length."""

from nn.data.video.clip_source import ClipSource, clip_values
from nn.data.video.digit_sets import DigitSets, digit_sets
from nn.data.video.film_set import Clips, FilmSet, check_clips_apart
from nn.data.video.load import load_films
from nn.data.video.moving_digits import MovingDigits
from nn.data.video.stored import store_clips

__all__ = [
    "ClipSource",
    "Clips",
    "DigitSets",
    "FilmSet",
    "MovingDigits",
    "check_clips_apart",
    "clip_values",
    "digit_sets",
    "load_films",
    "store_clips",
]
