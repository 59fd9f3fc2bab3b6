"""Models to and from ONNX.

from networks.exchange import onnx

network = onnx.load("model.onnx")
"""

from networks.exchange.onnx.reading.load import load
from networks.exchange.onnx.reading.survey import survey

__all__ = ["load", "survey"]
