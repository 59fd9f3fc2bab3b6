"""Files of codes: what `encode` writes and `decode` reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nn import DataError
from nn.data.arrays import read_npy
from nn.data.memory import require_memory
from nn.dtype_names import describe_dtype
from nn.short_text import shorten
from workbench.errors import InputError

LONGEST = 200
"""Characters of what NumPy says of a file that it cannot read."""


def read_codes(path: Path, code_size: int) -> np.ndarray:
    """Read codes.

    Parameters
    ----------
    path
        A `.npy` of floating point (N, code size).
    code_size
        That of the model.

    Returns
    -------
    ndarray
        float32 (N, code size), finite.

    Raises
    ------
    InputError
        When the file is something else; the message names it and what is expected.
    """
    expected = f"expected a .npy of floating point (N, {code_size}), as `autoencoder encode` writes"
    try:
        stored = read_npy(path, expected)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; {expected}") from error
    except DataError as error:
        raise InputError(str(error)) from error
    except Exception as error:  # NumPy's reader of headers raises nearly anything on damaged ones
        raise InputError(f"{path}: cannot be read ({_first_line(error)}); {expected}") from error
    if not isinstance(stored, np.ndarray):
        stored.close()
        raise InputError(f"{path}: several arrays in a zip file; {expected}")
    if stored.dtype.kind != "f" or stored.ndim != 2 or stored.shape[1] != code_size or not len(stored):
        raise InputError(f"{path}: holds {describe_dtype(stored.dtype)} {stored.shape}; {expected}")
    require_memory(stored.size * 4, str(path))
    with np.errstate(over="ignore"):
        codes = np.asarray(stored).astype(np.float32)
    if not np.isfinite(codes).all():
        row, column = np.argwhere(~np.isfinite(codes))[0]
        raise InputError(
            f"{path}: {stored[row, column]} at [{row}, {column}]; {expected}, all finite in float32"
        )
    return codes


def _first_line(error: Exception) -> str:
    return shorten(str(error).partition("\n")[0], LONGEST)
