"""Clips: frames of one size that follow each other, made up, or read from files of any length."""

from nn.data.video.clip_source import ClipSource
from nn.data.video.digit_sets import DigitSets, digit_sets
from nn.data.video.moving_digits import MovingDigits

__all__ = ["ClipSource", "DigitSets", "MovingDigits", "digit_sets"]
