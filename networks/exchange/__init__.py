"""Models to and from other libraries; a file is data, of which nothing is run or imported.

from networks.exchange import keras, onnx, pytorch

pytorch.save(network, "model.safetensors")
report = pytorch.load(network, "theirs.safetensors", modules={"features.0": "0"})
network = onnx.load("model.onnx")
keras.save(network, "model.keras")
"""

from networks.exchange import keras, onnx, pytorch, transfer
from networks.exchange.errors import ExchangeError
from networks.exchange.report import Report

__all__ = ["ExchangeError", "Report", "keras", "onnx", "pytorch", "transfer"]
