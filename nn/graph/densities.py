"""How many connections layers get: densities by Erdős and Rényi's random graphs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nn.argument_checks import check_count, check_factor


def erdos_renyi_densities(sizes: Sequence[int], density: float) -> list[float]:
    """Return the density of the connections between each layer and the next, for one density of them all.

    That of layers with n and m neurons is proportional to (n + m) / (n m), so that large layers are sparser,
    and every neuron has about as many connections as any other (Mocanu et al. 2018, equation 1; Evci et al.
    2020, section 3). Where that is more than 1, the layers are dense, and the others have fewer.

    Parameters
    ----------
    sizes
        Neurons of every layer, the input first.
    density
        Share of all connections there could be, above 0 and at most 1.

    Returns
    -------
    list of float
        One for each pair of neighbours; weighted by n m, their mean is `density`.

    Raises
    ------
    ValueError
        When there are fewer than two layers, one has no neuron, or the density is none.
    """
    check_factor("density", density)
    if len(sizes) < 2:
        raise ValueError(f"sizes {list(sizes)!r}: give the neurons of two layers at least")
    counts = np.array([check_count("layer size", size) for size in sizes], float)
    places, wanted = counts[:-1] * counts[1:], counts[:-1] + counts[1:]
    dense = np.zeros(len(places), bool)
    while not dense.all():
        share = (density * places.sum() - places[dense].sum()) / wanted[~dense].sum()
        too_many = ~dense & (share * wanted > places)
        if not too_many.any():
            break
        dense |= too_many
    return [
        1.0 if full else float(share * some / all_)
        for full, some, all_ in zip(dense, wanted, places, strict=True)
    ]
