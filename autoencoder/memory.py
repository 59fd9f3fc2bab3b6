"""How much memory training takes, computed from the plan of the layers before any of it is allocated."""

from __future__ import annotations

from autoencoder.architecture import Architecture
from autoencoder.layer_plans import DensePlan, LayerPlan, LocalPlan
from autoencoder.settings import Settings
from networks.base.tiled_local import history_numbers
from nn import optimizer_by_name
from nn.byte_sizes import format_bytes
from nn.data.memory import available_memory
from nn.history import padded
from nn.training.memory import Memory
from workbench.errors import SettingsError

BYTES = 4
"""Of a float32."""

HALF_BYTES = 2
"""Of a bfloat16."""

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
    histories = sum(_history_bytes(settings, plan) for plan in architecture.layers)
    return Memory(parameters, parameters, slots * parameters, histories)


def _history_bytes(settings: Settings, plan: LayerPlan) -> int:
    """Return what the histories of a layer take: dense ones store bfloat16, others convert."""
    entries, inputs = padded(settings.batch_size), plan.input_shape.size
    numbers = _history_numbers(settings.rung, plan, entries)
    if settings.storage == "float32":
        return BYTES * numbers
    if isinstance(plan, DensePlan):
        return HALF_BYTES * (numbers + plan.connections)
    return BYTES * numbers + (BYTES + HALF_BYTES) * entries * (plan.neurons + inputs)


def _history_numbers(rung: str, plan: LayerPlan, entries: int) -> int:
    if rung != "plain" and isinstance(plan, LocalPlan):
        return history_numbers(plan.tiling, plan.channels, 1, entries)
    return entries * (OUTPUT_HISTORIES * plan.neurons + INPUT_HISTORIES * plan.input_shape.size)


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
            f"the network needs {format_bytes(memory.total)} of memory ({memory}) and "
            f"{format_bytes(available)} is available: choose smaller layers, images or code-size for "
            "fewer parameters, a smaller batch-size for fewer histories"
        )
