"""Rows of the convolutions: the layers of autoencoders of 28 x 28 and 64 x 64 images."""

from __future__ import annotations

import numpy as np

from benchmarks import peers
from benchmarks.row import Row
from networks.ladder import FAMILIES
from networks.network import Network
from nn.activations import LeakyReLU
from nn.shape import Shape

LEAKAGE = 0.1
HISTORIES = 64


def _row(family: str, shape: Shape, channels: int, stride: int) -> Row:
    """Windows of 3 x 3 that halve the image, keep it, or (transposed) double it."""
    transposed = family == "transposed_convolution"
    options = {"output_padding": stride - 1} if transposed else {}

    def build(rung: str) -> Network:
        network: Network = FAMILIES[family].rungs[rung](
            shape,
            channels=channels,
            kernel=3,
            stride=stride,
            padding=1,
            activation=LeakyReLU(LEAKAGE),
            generator=np.random.default_rng(0),
            **options,
        )
        return network

    def peer(network: Network, values: np.ndarray) -> peers.Peer:
        sides = {"stride": stride, "padding": 1, **options}
        return peers.convolution(values, channels, LEAKAGE, sides, transposed=transposed)

    output = build("plain").output_shape
    return Row(family, f"{shape} to {output}", ("plain", "o1", "o2"), HISTORIES, build, peer)


def convolution_rows() -> list[Row]:
    """Return the layers of two encoders, and those of their decoders."""
    return [
        _row("convolution", Shape(28, 28, 1), 16, 2),
        _row("convolution", Shape(14, 14, 16), 32, 2),
        _row("convolution", Shape(64, 64, 3), 16, 2),
        _row("convolution", Shape(32, 32, 16), 32, 1),
        _row("convolution", Shape(32, 32, 16), 32, 2),
        _row("transposed_convolution", Shape(14, 14, 16), 1, 2),
        _row("transposed_convolution", Shape(7, 7, 32), 16, 2),
        _row("transposed_convolution", Shape(16, 16, 32), 16, 2),
        _row("transposed_convolution", Shape(32, 32, 16), 3, 2),
    ]
