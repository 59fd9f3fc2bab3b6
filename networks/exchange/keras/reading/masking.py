"""Models that mask steps by their inputs, which come with the data here.

Under a mask a recurrent layer of Keras keeps its state and repeats its last output, or gives zeros; ours
keeps its state and gives zeros. Both are the same at the steps that are there, and in what is left when the
steps have ended, as long as what lies between looks at one step at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from networks.exchange.keras.reading.entries import Entry, entry
from networks.exchange.keras.refusals import RefusedError

RECURRENT = ("LSTM", "GRU")

STEPWISE = (
    "Activation",
    "BatchNormalization",
    "Dense",
    "Dropout",
    "ELU",
    "GaussianNoise",
    "LeakyReLU",
    "ReLU",
)
"""Classes that look at one step at a time and pass a mask on."""

WHAT_TO_DO = (
    "masks steps by its inputs, which come with the data here: give `masked=True`, and `predict` and "
    "training the `step_masks` of steps that are not {}"
)


def is_masking(layer: Entry) -> bool:
    """Return whether a layer makes masks."""
    return layer.kind == "Masking" or (
        layer.kind == "Embedding" and layer.configuration.get("mask_zero") is True
    )


def check_masked(where: str, layers: Sequence[Entry], is_chain: bool) -> None:
    """Refuse a model whose answers under a mask are not those of ours with step masks.

    Parameters
    ----------
    where
        The model, for errors.
    layers
        Without inputs, in order.
    is_chain
        Whether they follow one another.

    Raises
    ------
    RefusedError
        Naming the layer that is not mapped under a mask.
    """
    making = [each for each in layers if is_masking(each)]
    if not making:
        raise RefusedError(f"{where}: no layer in it makes masks: leave `masked` out")
    if not is_chain or making != [layers[0]]:
        raise RefusedError(
            f"{making[-1].where}: masks are mapped where one layer follows another, and the first "
            "alone makes them"
        )
    for layer in layers[1:]:
        if _ends_steps(layer):
            return


def _ends_steps(layer: Entry) -> bool:
    """Return whether no steps are left behind a layer."""
    kind, described = layer.kind, layer.configuration
    if kind in ("Bidirectional", "TimeDistributed"):
        inside = entry(described.get("layer"))
        if kind == "Bidirectional" and inside.kind in RECURRENT:
            return inside.configuration.get("return_sequences") is not True
        kind, described = inside.kind, inside.configuration
    elif kind in RECURRENT:
        ends = described.get("return_sequences") is not True
        if ends and described.get("zero_output_for_mask"):
            raise RefusedError(
                f"{layer.where}: gives zeros where the last step is masked (zero_output_for_mask), and ours "
                "the values of the last step that is there"
            )
        return ends
    if kind not in STEPWISE and not (kind == "LayerNormalization" and _is_last(described.get("axis", -1))):
        raise RefusedError(
            f"{layer.where}: is not mapped under a mask: it may see other steps than those that are there"
        )
    return False


def _is_last(axis: Any) -> bool:
    return axis in (-1, 2, [-1], [2])
