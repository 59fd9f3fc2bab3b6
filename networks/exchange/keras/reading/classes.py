"""Which class of layers becomes what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from networks.exchange.keras.reading.layers import activations, dense, plain, recurrent, spectral, windows
from networks.exchange.keras.reading.parts import Layer, Part, Value

Reader = Callable[[Layer, Sequence[Value]], list[Part]]

DIVIDED: dict[str, Reader] = {
    "Conv2D": windows.convolution,
    "Conv2DTranspose": windows.transposed_convolution,
    "Dense": dense.dense,
}
"""Those whose kernel a SpectralNormalization may divide."""

CLASSES: dict[str, Reader] = {
    **DIVIDED,
    "Activation": activations.activation_layer,
    "Add": plain.merge("add"),
    "AveragePooling2D": windows.average_pooling,
    "BatchNormalization": plain.batch_normalisation,
    "Bidirectional": recurrent.bidirectional,
    "Concatenate": plain.merge("concatenate"),
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
    "SpectralNormalization": spectral.spectral_normalisation(DIVIDED),
    "UpSampling2D": windows.upsampling,
}
"""Beside these there are InputLayer, TimeDistributed, and models within models."""

NOTES = {
    "Masking": "with `masked=True`: steps are masked by the `step_masks` of the data",
    "SpectralNormalization": spectral.KEPT,
}
"""What is said of classes that become another layer than they are."""
