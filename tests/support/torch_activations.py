"""PyTorch's functions of the same names as the activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nn.activations import Activation


def torch_peer(torch: Any, activation: Activation) -> Callable[[Any], Any]:
    """Return PyTorch's function for an activation, applied to a tensor."""
    functional, leakage = torch.nn.functional, activation.slope

    def squash(x: Any) -> Any:
        within = functional.hardtanh(x)
        return within + leakage * (x - within) if leakage else within

    peers = {
        "identity": lambda x: 1 * x,
        "relu": functional.relu,
        "leaky_relu": lambda x: functional.leaky_relu(x, leakage),
        "elu": functional.elu,
        "softplus": functional.softplus,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "squash": squash,
        "hard_sigmoid": lambda x: torch.clamp(leakage * (x + 0.5 / leakage), 0, 1),
    }
    return peers[activation.name]
