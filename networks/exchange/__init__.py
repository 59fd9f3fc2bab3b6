"""Models to and from other libraries; a file is data, of which nothing is run or imported.

from networks.exchange import onnx, pytorch

pytorch.save(network, "model.safetensors")
report = pytorch.load(network, "theirs.safetensors", modules={"features.0": "0"})
network = onnx.load("model.onnx")
"""

from networks.exchange import onnx, pytorch, transfer
from networks.exchange.errors import ExchangeError
from networks.exchange.report import Report

__all__ = ["ExchangeError", "Report", "onnx", "pytorch", "transfer"]
