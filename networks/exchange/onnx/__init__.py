"""Models to and from ONNX.

from networks.exchange import onnx

onnx.save(network, "model.onnx")
network = onnx.load("model.onnx")
"""

from networks.exchange.onnx.reading.load import load
from networks.exchange.onnx.reading.survey import survey
from networks.exchange.onnx.writing.save import save, size

__all__ = ["load", "save", "size", "survey"]
