"""How much memory training takes, reckoned from the plan of the layers before any of it is allocated."""

from __future__ import annotations

from autoencoder.architecture import Architecture
from autoencoder.errors import SettingsError
from autoencoder.settings import Settings
from nn.data.memory import available_memory
from nn.history import padded
from nn.optimizers import optimizer_by_name
from nn.sizes import as_size
from nn.training.memory import Memory

BYTES = 4
"""Of a float32."""

OUTPUT_HISTORIES = 4
"""Arrays of a layer that are as large as its outputs: values, signals, deltas, deltas times the slope."""

INPUT_HISTORIES = 2
"""Arrays as large as its inputs: their signals, and a transposed copy of them."""


def estimate_memory(settings: Settings, architecture: Architecture) -> Memory:
    """Return what training with the settings takes beside the images.

    What `nn.training.memory.estimate` says of a network, for one that is not built yet.
    """
    parameters = BYTES * architecture.parameters
    slots = len(optimizer_by_name(settings.optimizer, settings.learning_rate).slots)
    neurons = sum(
        OUTPUT_HISTORIES * plan.neurons + INPUT_HISTORIES * plan.input_shape.size
        for plan in architecture.layers
    )
    histories = BYTES * padded(settings.batch_size) * neurons
    return Memory(parameters, parameters, slots * parameters, histories)


def require_training_memory(settings: Settings, architecture: Architecture) -> None:
    """Refuse to train a network that does not fit.

    Raises
    ------
    SettingsError
        With the figures, and which keys make them smaller.
    """
    memory, available = estimate_memory(settings, architecture), available_memory()
    if memory.total > available:
        raise SettingsError(
            f"the network needs {as_size(memory.total)} of memory ({memory}) and {as_size(available)} is "
            "available: choose smaller layers, images or code-size for fewer parameters, a smaller "
            "batch-size for fewer histories"
        )
