"""A network from an ONNX file, of which nothing is run or trusted."""
