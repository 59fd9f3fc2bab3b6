"""Where the real data sets are: see docs/data.md."""

import os
from pathlib import Path

from tests.support.places import ROOT

VARIABLE = "GANGLION_DATA"
CHECKOUT = ROOT
NEEDED = f"needs the data sets of docs/data.md, in the folder data or the one that {VARIABLE} names"


def find_data() -> Path | None:
    """Return the folder of the data sets: the one that is named, or in the checkout, or beside it."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    folders = [CHECKOUT / "data", *sorted(CHECKOUT.parent.glob("*/data"))]
    return next((folder for folder in folders if (folder / "mnist").is_dir()), None)
