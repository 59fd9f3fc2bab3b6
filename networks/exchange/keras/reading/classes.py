"""Which class of layers becomes what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from networks.exchange.keras.reading.layers import activations, dense, plain, recurrent, windows
from networks.exchange.keras.reading.parts import Layer, Part, Value

Reader = Callable[[Layer, Sequence[Value]], list[Part]]

CLASSES: dict[str, Reader] = {
    "Activation": activations.activation_layer,
    "Add": plain.merge("add"),
    "AveragePooling2D": windows.average_pooling,
    "BatchNormalization": plain.batch_normalisation,
    "Bidirectional": recurrent.bidirectional,
    "Concatenate": plain.merge("concatenate"),
    "Conv2D": windows.convolution,
    "Conv2DTranspose": windows.transposed_convolution,
    "Dense": dense.dense,
    "Dropout": plain.noise("dropout", "rate", "rate"),
    "ELU": activations.elu,
    "Embedding": dense.embedding,
    "Flatten": plain.flatten,
    "GRU": partial(recurrent.recurrent, "GRU"),
    "GaussianNoise": plain.noise("gaussian_noise", "stddev", "deviation"),
    "GlobalAveragePooling2D": windows.global_pooling("global_average_pooling"),
    "GlobalMaxPooling2D": windows.global_pooling("global_max_pooling"),
    "LSTM": partial(recurrent.recurrent, "LSTM"),
    "LayerNormalization": plain.layer_normalisation,
    "LeakyReLU": activations.leaky_relu,
    "MaxPooling2D": windows.max_pooling,
    "Multiply": plain.merge("multiply"),
    "ReLU": activations.relu,
    "Reshape": plain.reshape,
    "Softmax": activations.softmax,
    "UpSampling2D": windows.upsampling,
}
"""Beside these there are InputLayer, TimeDistributed, and models within models."""
