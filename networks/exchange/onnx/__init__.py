"""Models to and from ONNX.

from networks.exchange import onnx

network = onnx.load("model.onnx")
"""

from networks.exchange.onnx.reading.load import load

__all__ = ["load"]
