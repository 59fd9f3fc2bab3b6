"""Arrays of pairs of bfloat16 that a layer keeps from call to call, by name."""

from __future__ import annotations

import numpy as np

from nn.deep_copied import DeepCopied
from nn.history import aligned_zeros


class PairWords(DeepCopied):
    """Makes arrays when they are needed, again where another number of words is wanted."""

    def __init__(self) -> None:
        self._words: dict[str, np.ndarray] = {}

    def words(self, name: str, count: int) -> np.ndarray:
        """Return exactly so many words, uint32, zero when they are new."""
        if name not in self._words or self._words[name].size != count:
            self._words[name] = aligned_zeros(count, np.uint32)
        return self._words[name]
