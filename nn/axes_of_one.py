"""Axes of length one: array shapes that match a network's input or output shape apart from such axes.

A class for every pixel is usually (height, width), but (height, width, 1) to a network; numbers of
steps may be a vector, 1x1xT, or a sequence of one feature, Tx1. Where two shapes differ only in such axes,
there is only one way to read the numbers. All shapes here are those of an entry.
"""

from __future__ import annotations

from typing import TypeAlias

Sides: TypeAlias = tuple[int, ...]


def match_target_shape(found: Sides, outputs: Sides) -> Sides:
    """Return the shape that targets should have: a number for each output, or a label for each position.

    `found` itself where it differs from both in more than axes of one.
    """
    positions = (*outputs[:-1], 1)
    if found in (outputs, positions):
        return found
    numbers = _without_ones(found)
    for fitting in (tuple(outputs), positions):
        if numbers == _without_ones(fitting):
            return fitting
    return found


def match_input_shape(found: Sides, inputs: Sides) -> Sides:
    """Return the shape that entries have as the inputs of a network.

    A row of numbers, (K,), 1x1xK or Kx1, fits a vector 1x1xK, a sequence Kx1 and a single step 1xK.
    `found` itself where it is anything else: an image always says its channels.
    """
    if found == inputs or len(found) > 3 or len(inputs) > 3:
        return found
    row = _without_ones(found)
    is_row = found in (row, (1, 1, *row), (*row, 1), (1, 1, 1)) and len(row) < 2
    takes_row = len(inputs) < 3 or inputs[0] * inputs[1] == 1
    return tuple(inputs) if is_row and takes_row and row == _without_ones(inputs) else found


def _without_ones(sides: Sides) -> Sides:
    return tuple(side for side in sides if side != 1)
