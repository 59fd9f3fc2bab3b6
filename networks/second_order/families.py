"""Which families have second-order terms, and whose they are."""

from __future__ import annotations

from collections.abc import Callable

from networks.base.network import Network
from networks.base.recurrent_tiles import TiledRecurrent
from networks.second_order.containers import (
    ModelTangent,
    SequentialTangent,
    SpectralNormalisationTangent,
    TimeDistributedTangent,
)
from networks.second_order.gru import GRUTangent
from networks.second_order.lstm import LSTMTangent
from networks.second_order.merge import MultiplyTangent
from networks.second_order.minibatch_deviation import MinibatchDeviationTangent
from networks.second_order.normalisation import BatchNormalisationTangent, NormalisationTangent
from networks.second_order.pooling import MaxPoolingTangent
from networks.second_order.softmax import SoftmaxTangent
from networks.second_order.tangent import DiagonalTangent, LinearTangent, LookupTangent, Tangent
from networks.second_order.tiled_lstm import TiledLSTMTangent
from networks.second_order.weighted import ActivationTangent, WeightedTangent
from nn.short_text import join_names


def lstm_tangent(network: Network) -> Tangent:
    """Return the terms of an LSTM, those of its own rung."""
    return TiledLSTMTangent(network) if isinstance(network, TiledRecurrent) else LSTMTangent(network)


FAMILIES: dict[str, Callable[[Network], Tangent]] = {
    "activation": ActivationTangent,
    "add": LinearTangent,
    "average_pooling": LinearTangent,
    "batch_normalisation": BatchNormalisationTangent,
    "bilinear_upsampling": LinearTangent,
    "concatenate": LinearTangent,
    "convolution": WeightedTangent,
    "dense": WeightedTangent,
    "dropout": DiagonalTangent,
    "embedding": LookupTangent,
    "flatten": LinearTangent,
    "gaussian_noise": DiagonalTangent,
    "global_average_pooling": LinearTangent,
    "global_max_pooling": MaxPoolingTangent,
    "gru": GRUTangent,
    "gru_cell": GRUTangent,
    "layer_normalisation": NormalisationTangent,
    "local": WeightedTangent,
    "lstm": lstm_tangent,
    "lstm_cell": lstm_tangent,
    "max_pooling": MaxPoolingTangent,
    "minibatch_deviation": MinibatchDeviationTangent,
    "multiply": MultiplyTangent,
    "nearest_upsampling": LinearTangent,
    "reshape": LinearTangent,
    "softmax": SoftmaxTangent,
    "transposed_convolution": WeightedTangent,
}

CONTAINERS: dict[str, Callable[[Network, Callable[[Network], Tangent]], Tangent]] = {
    "model": ModelTangent,
    "sequential": SequentialTangent,
    "spectral_normalisation": SpectralNormalisationTangent,
    "time_distributed": TimeDistributedTangent,
}


def make_tangent(network: Network) -> Tangent:
    """Return the second-order terms of a network.

    Raises
    ------
    ValueError
        When its family has none.
    """
    if network.family in CONTAINERS:
        return CONTAINERS[network.family](network, make_tangent)
    if network.family not in FAMILIES:
        known = join_names(sorted([*FAMILIES, *CONTAINERS]))
        raise ValueError(f"{network.family}: has no second-order terms; these families have: {known}")
    return FAMILIES[network.family](network)
