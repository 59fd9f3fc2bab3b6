"""What messages call the elements of an array."""

from __future__ import annotations

import numpy as np

from nn.short_text import join_names


def describe_dtype(dtype: np.dtype) -> str:
    """Describe a dtype: its name, and anything unusual, such as the byte order."""
    if dtype.names is not None:
        return f"records of {join_names(dtype.names)}"
    if dtype.hasobject:
        return "Python objects"
    if dtype.kind in "SU":
        return dtype.str
    name = str(dtype.newbyteorder("="))
    return name if dtype.isnative else f"{'big' if dtype.byteorder == '>' else 'little'}-endian {name}"
