"""Networks: objects with a forward and a backward, each family a ladder of faster rungs.

    from networks import LSTM, Dense, Sequential, load_model

Every name stands for the class on the fastest rung. Those of other rungs compute the same numbers:
`networks.lstm.LSTM` is the plain, readable one, `networks.lstm_o1.LSTM` the one between; `FAMILIES` lists
all. Networks that hold others, such as `Sequential`, are as fast as those. Names are imported when they are
used, and `import networks` compiles nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nn.lazy import lazy_names

if TYPE_CHECKING:
    from networks.activation_o2 import ActivationLayer
    from networks.base.network import Network
    from networks.base.nodes import Call, Input
    from networks.base.recipe import Recipe
    from networks.base.stateful import HiddenStates, States
    from networks.convolution_o2 import Convolution, TransposedConvolution
    from networks.convolutional_lstm_o2 import ConvolutionalLSTM
    from networks.dense_o2 import Dense
    from networks.embedding_o2 import Embedding
    from networks.estimators import Classifier, Compressor, Regressor
    from networks.graph_o2 import GraphNetwork
    from networks.gru_o2 import GRU, GRUCell
    from networks.ladder import CONTAINERS, FAMILIES, RUNGS, network_from_configuration, rung
    from networks.local_o2 import Local
    from networks.lstm_o2 import LSTM, LSTMCell
    from networks.merge_o2 import Add, Concatenate, Multiply
    from networks.minibatch_deviation import MinibatchDeviation
    from networks.model import Model
    from networks.model_file import load_model, model_metadata, save_model, structure_arrays
    from networks.model_with_processors import ModelWithProcessors, load_with_processors
    from networks.noise_o2 import Dropout, GaussianNoise
    from networks.normalisation_o2 import BatchNormalisation, LayerNormalisation
    from networks.pooling_o2 import AveragePooling, GlobalAveragePooling, GlobalMaxPooling, MaxPooling
    from networks.reshape import Flatten, Reshape
    from networks.second_order import InputGradients
    from networks.sequential import Sequential
    from networks.softmax_o2 import Softmax
    from networks.sparse_training.evolution import SET
    from networks.sparse_training.lottery import RigL
    from networks.spectral_normalisation import SpectralNormalisation
    from networks.time_distributed import TimeDistributed
    from networks.upsampling_o2 import BilinearUpsampling, NearestUpsampling

__all__ = [
    "CONTAINERS",
    "FAMILIES",
    "GRU",
    "LSTM",
    "RUNGS",
    "SET",
    "ActivationLayer",
    "Add",
    "AveragePooling",
    "BatchNormalisation",
    "BilinearUpsampling",
    "Call",
    "Classifier",
    "Compressor",
    "Concatenate",
    "Convolution",
    "ConvolutionalLSTM",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
    "GaussianNoise",
    "GlobalAveragePooling",
    "GlobalMaxPooling",
    "GraphNetwork",
    "HiddenStates",
    "Input",
    "InputGradients",
    "LSTMCell",
    "LayerNormalisation",
    "Local",
    "MaxPooling",
    "MinibatchDeviation",
    "Model",
    "ModelWithProcessors",
    "Multiply",
    "NearestUpsampling",
    "Network",
    "Recipe",
    "Regressor",
    "Reshape",
    "RigL",
    "Sequential",
    "Softmax",
    "SpectralNormalisation",
    "States",
    "TimeDistributed",
    "TransposedConvolution",
    "load_model",
    "load_with_processors",
    "model_metadata",
    "network_from_configuration",
    "rung",
    "save_model",
    "structure_arrays",
]

EXPORTS = {
    "networks.activation_o2": ("ActivationLayer",),
    "networks.base.network": ("Network",),
    "networks.base.recipe": ("Recipe",),
    "networks.base.stateful": (
        "HiddenStates",
        "States",
    ),
    "networks.base.nodes": (
        "Input",
        "Call",
    ),
    "networks.convolution_o2": (
        "Convolution",
        "TransposedConvolution",
    ),
    "networks.convolutional_lstm_o2": ("ConvolutionalLSTM",),
    "networks.dense_o2": ("Dense",),
    "networks.embedding_o2": ("Embedding",),
    "networks.estimators": (
        "Classifier",
        "Compressor",
        "Regressor",
    ),
    "networks.graph_o2": ("GraphNetwork",),
    "networks.gru_o2": (
        "GRU",
        "GRUCell",
    ),
    "networks.ladder": (
        "CONTAINERS",
        "FAMILIES",
        "RUNGS",
        "network_from_configuration",
        "rung",
    ),
    "networks.local_o2": ("Local",),
    "networks.lstm_o2": (
        "LSTM",
        "LSTMCell",
    ),
    "networks.merge_o2": (
        "Add",
        "Concatenate",
        "Multiply",
    ),
    "networks.minibatch_deviation": ("MinibatchDeviation",),
    "networks.model": ("Model",),
    "networks.model_file": (
        "load_model",
        "model_metadata",
        "save_model",
        "structure_arrays",
    ),
    "networks.model_with_processors": (
        "ModelWithProcessors",
        "load_with_processors",
    ),
    "networks.noise_o2": (
        "Dropout",
        "GaussianNoise",
    ),
    "networks.normalisation_o2": (
        "BatchNormalisation",
        "LayerNormalisation",
    ),
    "networks.pooling_o2": (
        "AveragePooling",
        "GlobalAveragePooling",
        "GlobalMaxPooling",
        "MaxPooling",
    ),
    "networks.reshape": (
        "Flatten",
        "Reshape",
    ),
    "networks.second_order": ("InputGradients",),
    "networks.sequential": ("Sequential",),
    "networks.softmax_o2": ("Softmax",),
    "networks.sparse_training.evolution": ("SET",),
    "networks.sparse_training.lottery": ("RigL",),
    "networks.spectral_normalisation": ("SpectralNormalisation",),
    "networks.time_distributed": ("TimeDistributed",),
    "networks.upsampling_o2": (
        "BilinearUpsampling",
        "NearestUpsampling",
    ),
}
"""Where each name is from."""

if not TYPE_CHECKING:  # so that type checkers know what there is
    __getattr__, __dir__ = lazy_names(__name__, EXPORTS)
