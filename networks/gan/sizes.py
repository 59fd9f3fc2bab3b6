"""Sizes of images within convolutional networks, and the convolutions from one to the next.

Sides are halved while they are even and at least `SMALLEST` is left: 14 becomes 7, 28 becomes 7, 64 becomes
4.
"""

from __future__ import annotations

from nn.shape import Shape

SMALLEST = 4

Size = tuple[int, int]


def halved(image: Shape) -> list[Size]:
    """Return the sizes from that of an image down, each side halved while that can be undone."""
    sizes = [(image.height, image.width)]
    while True:
        sides = tuple(side // 2 if side % 2 == 0 and side // 2 >= SMALLEST else side for side in sizes[-1])
        if sides == sizes[-1]:
            return sizes
        sizes.append((sides[0], sides[1]))


def halving(large: Size, small: Size) -> tuple[Size, Size, Size]:
    """Return kernel, stride and padding of the convolution from one size to the next."""
    kernel, stride, padding = [], [], []
    for before, after in zip(large, small, strict=True):
        halves = before != after
        side = 4 if halves else (3 if before > 1 else 1)
        kernel.append(side)
        stride.append(2 if halves else 1)
        padding.append((side - 1) // 2)
    return (kernel[0], kernel[1]), (stride[0], stride[1]), (padding[0], padding[1])


def size_name(size: Size) -> str:
    """Return what a size is called among the inputs and outputs of a network: 14x14."""
    height, width = size
    return f"{height}x{width}"
