"""The networks to build models from, each on the fastest rung of its ladder, under one roof.

    from networks.layers import Convolution, Dense, MaxPooling

Every name stands for the same class on the plain rung (`networks.convolution.Convolution`) and on those
between, which compute the same numbers; `networks.ladder` lists them all. Networks that hold others, such as
`Sequential`, are as fast as those.
"""

from networks.activation_o2 import ActivationLayer
from networks.convolution_o2 import Convolution, TransposedConvolution
from networks.convolutional_lstm_o2 import ConvolutionalLSTM
from networks.dense_o2 import Dense
from networks.embedding_o2 import Embedding
from networks.graph_o2 import GraphNetwork
from networks.gru_o2 import GRU
from networks.local_o2 import Local
from networks.lstm_o2 import LSTM, LSTMCell
from networks.merge_o2 import Add, Concatenate, Multiply
from networks.model import Model
from networks.noise_o2 import Dropout, GaussianNoise
from networks.normalisation_o2 import BatchNormalisation, LayerNormalisation
from networks.pooling_o2 import AveragePooling, GlobalAveragePooling, GlobalMaxPooling, MaxPooling
from networks.reshape import Flatten, Reshape
from networks.sequential import Sequential
from networks.softmax_o2 import Softmax
from networks.spectral_normalisation import SpectralNormalisation
from networks.time_distributed import TimeDistributed
from networks.upsampling_o2 import BilinearUpsampling, NearestUpsampling

__all__ = [
    "GRU",
    "LSTM",
    "ActivationLayer",
    "Add",
    "AveragePooling",
    "BatchNormalisation",
    "BilinearUpsampling",
    "Concatenate",
    "Convolution",
    "ConvolutionalLSTM",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNoise",
    "GlobalAveragePooling",
    "GlobalMaxPooling",
    "GraphNetwork",
    "LSTMCell",
    "LayerNormalisation",
    "Local",
    "MaxPooling",
    "Model",
    "Multiply",
    "NearestUpsampling",
    "Reshape",
    "Sequential",
    "Softmax",
    "SpectralNormalisation",
    "TimeDistributed",
    "TransposedConvolution",
]
