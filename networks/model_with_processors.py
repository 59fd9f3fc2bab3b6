"""A model with its processors: raw files in, answers out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from networks.base.network import Network
from networks.model_file import PROCESSORS, build_network
from nn.data.errors import DataError
from nn.data.processors import Processors
from nn.snapshot import SnapshotError, load_latest


class ModelWithProcessors(NamedTuple):
    """A network, and what makes of a file what it takes.

    `answer("file.png")` is `network.predict(processors("file.png"))`.

    Attributes
    ----------
    network, processors
        Both as they were saved.
    """

    network: Network
    processors: Processors

    def answer(self, *paths: Path | str) -> np.ndarray:
        """Return the outputs of the network, (N, ...), for the entries of some files.

        Raises
        ------
        DataError
            When a file cannot be used; names it.
        ValueError, MemoryError
            As `Network.predict`.
        """
        values, step_masks, _ = self.processors.prepare(*paths)
        return self.network.predict(values, step_masks=step_masks)


def load_with_processors(
    path: Path, *, rung_name: str = "o2", dtype: DTypeLike | None = None
) -> ModelWithProcessors:
    """Read a network, and its processors, from a file; see `load_model`.

    Raises
    ------
    SnapshotError
        As `load_model`, and when the file has no processors, or they are not described as they should be;
        names the step and the field.
    """
    snapshot = load_latest(path)
    described = snapshot.metadata.get(PROCESSORS)
    if described is None:
        raise SnapshotError(f"{snapshot.path}: holds no processors: load_model reads the network alone")
    try:
        processors = Processors.from_configuration(described)
    except DataError as error:
        raise SnapshotError(f"{snapshot.path}: {error}") from error
    return ModelWithProcessors(build_network(snapshot, rung_name=rung_name, dtype=dtype), processors)
