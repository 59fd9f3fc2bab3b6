"""Writing ONNX."""
