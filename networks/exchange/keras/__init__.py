"""Models to and from Keras, of which nothing in a file is run or imported.

from networks.exchange import keras

keras.save(network, "model.keras")
network = keras.load("model.keras")
report = keras.load_weights(network, "trained.weights.h5")
"""

from networks.exchange.keras.reading.load import load
from networks.exchange.keras.reading.survey import survey
from networks.exchange.keras.weights.load import load_weights
from networks.exchange.keras.writing.save import save

__all__ = ["load", "load_weights", "save", "survey"]
