"""Layers whose kernel is divided while they learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from networks.exchange.keras.reading.entries import entry
from networks.exchange.keras.reading.fields import Fields
from networks.exchange.keras.reading.parts import Layer, Part, Value
from nn.short_text import join_names

Reader = Callable[[Layer, Sequence[Value]], list[Part]]

KEPT = "read as the layer in it with the kernel as it is, which is not divided when it learns on"
"""What is said of it."""


def spectral_normalisation(readers: Mapping[str, Reader]) -> Reader:
    """Return the reader of a SpectralNormalization of some classes.

    While it learns it divides the kernel and writes that over the kernel; else it is the layer in it, as
    which it is read. The vector that it goes on from is not taken over.
    """

    def read(layer: Layer, values: Sequence[Value]) -> list[Part]:
        fields = layer.fields
        inside = entry(fields.take("layer"))
        fields.whole("power_iterations", 1)
        if inside.kind not in readers:
            fields.refuse(f"is of a {inside.where}; {join_names(readers)} are mapped")
        kernels: list[np.ndarray] = []

        def read_inside(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
            arrays = layer.read(shapes, "layer")
            kernels.append(arrays["kernel"])
            return arrays

        within = Fields(f"{fields.where}, {inside.where}", inside.configuration)
        parts = readers[inside.kind](layer._replace(fields=within, read=read_inside), values)
        (kernel,) = kernels
        # the kernel is among the arrays of both layers
        other = layer.read({"kernel": kernel.shape, "vector_u": (1, kernel.shape[-1])})["kernel"]
        if not np.array_equal(kernel, other):
            fields.refuse("has two kernels in the file, which differ")
        if not _end(within):
            for part in parts:
                part.frozen = ("",) if part.arrays else ()
        return parts

    return read


def _end(fields: Fields) -> Any:
    is_learned = fields.take("trainable", True)
    fields.check_dtype()
    fields.ignore("name", "batch_input_shape", "batch_shape")
    fields.end()
    return is_learned
