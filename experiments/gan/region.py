"""Parts of an entry by name: variables and steps of series, rows and columns of images."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from experiments.gan.form import Form
from nn.short_text import join_names, short_repr
from workbench.errors import SettingsError

SPAN = re.compile(r"(\w+):(\d{1,9})-(\d{1,9})")


def region_of(names: Sequence[str], form: Form, option: str) -> np.ndarray | None:
    """Return which numbers of an entry are named, bool (*shape); None where nothing is.

    Parameters
    ----------
    names
        Of variables, or spans such as `rows:0-13`, both ends included; what any of them names is named.
    form
        Has the shape, and the names of variables.
    option
        What messages call the setting.

    Raises
    ------
    SettingsError
        When there is no such part, or nothing but such parts.
    """
    if not names:
        return None
    if form.components is not None:
        raise SettingsError(f"{option}: by --components the networks see no parts of entries: leave one out")
    region = np.zeros(tuple(form.shape), np.bool_)
    axes = {"rows": 0, "columns": 1} if form.are_images else {"steps": 0}
    for name in names:
        span = SPAN.fullmatch(name)
        if span is not None and span[1] in axes:
            axis, first, last = axes[span[1]], int(span[2]), int(span[3])
            if not first <= last < region.shape[axis]:
                raise SettingsError(f"{option} {name}: {span[1]} are 0 to {region.shape[axis] - 1}")
            np.moveaxis(region, axis, 0)[first : last + 1] = True
        elif name in form.variables:
            region[..., form.variables.index(name)] = True
        else:
            known = [*(f"{axis}:FIRST-LAST" for axis in axes), *form.variables]
            raise SettingsError(f"{option}: there is no {short_repr(name)}; there are {join_names(known)}")
    if region.all():
        raise SettingsError(f"{option}: that is all of an entry: leave a part out")
    return region
