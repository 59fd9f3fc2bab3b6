"""Which settings would do nothing for a run of adversarial networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from experiments.gan.settings import DIGITS, SINES, Settings, usual_architecture
from experiments.idle_settings import Idle, refuse_idle, said
from networks.gan.blueprint import WITHOUT_STEPS
from nn.data.arrays import ARRAY_SUFFIXES
from workbench.errors import SettingsError
from workbench.settings.table import Given, to_key

COLUMNS = ("series_column", "label_column", "time_column", "variables", "row")
"""Settings that say what is in a file of series."""

SWITCHES = {
    "penalty_weight": "penalty",
    "noise_epochs": "instance_noise",
    "ratio_patience": "loss_ratio_limit",
}
"""Settings of something that is off unless another setting says otherwise."""


def check_effects(settings: Settings, given: Mapping[str, Given], *, series: bool) -> None:
    """Refuse what is given and does nothing, but for sizes, which every network may be told.

    Parameters
    ----------
    settings
        Of a run that is begun.
    given
        What of them was said, and where.
    series
        Whether the data are series, not images.

    Raises
    ------
    SettingsError
        Naming the place of the first, and what it would need.
    """
    idle = [*_of_data(settings, series=series), *_of_networks(settings, series=series)]
    refuse_idle(settings, given, idle)
    for name, switch in SWITCHES.items():
        if name in given and switch not in given and getattr(settings, name):
            reason = f"does nothing without --{to_key(switch)}: give both"
            raise SettingsError(f"{said(given[name])}: {reason}, or leave it out")


def _of_data(settings: Settings, *, series: bool) -> list[Idle]:
    data, found = settings.data, []
    if series:
        found.append(Idle(("fit",), "is for images, and the data are series: take others"))
    else:
        names = ("window", "stride", "split_by", "missing", "timegan_order", *COLUMNS)
        found.append(Idle(names, "is for series, and the data are images: take others"))
    if data in SINES:
        found.append(Idle((*COLUMNS, "stride", "missing"), f"is for files of series, and {data} are made up"))
    else:
        found.append(Idle(("sine_variables",), "is for built-in sines: take --data sines"))
    if data == DIGITS:
        found.append(Idle(("test_data", "fit"), f"is for files, and {data} are made up: take other --data"))
    if Path(data).suffix.lower() not in ARRAY_SUFFIXES:
        found.append(Idle(("kind",), f"is for .npy and .npz, and {data} says by itself what it holds"))
    return found


def _of_networks(settings: Settings, *, series: bool) -> list[Idle]:
    made_by = settings.architecture or usual_architecture(settings, images=not series)
    judged_by, found = settings.discriminator or made_by, []
    if made_by in WITHOUT_STEPS:
        reason = f"is for recurrent generators, and this one is {made_by}: take another --architecture"
        found.append(Idle(("noise_per",), reason))
    if judged_by in WITHOUT_STEPS:
        reason = f"is for recurrent discriminators, and this one is {judged_by}: take another --discriminator"
        found.append(Idle(("sequences",), reason))
    if made_by != "convolution":
        reason = f"is for generators of convolutions, and this one is {made_by}: take another --architecture"
        found.append(Idle(("normalisation",), reason, ("none",)))
    if judged_by != "convolution":
        reason = (
            f"is for convolutions, and the discriminator is {judged_by}: take spectral, which any can have"
        )
        found.append(Idle(("discriminator_normalisation",), reason, ("spectral",)))
    if settings.conditioning != "auxiliary":
        found.append(Idle(("auxiliary_weight",), "is for --conditioning auxiliary: take that"))
    return found
