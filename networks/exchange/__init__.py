"""Models to and from other libraries; a file is data, of which nothing is run or imported.

from networks.exchange import pytorch

pytorch.save(network, "model.safetensors")
report = pytorch.load(network, "theirs.safetensors", modules={"features.0": "0"})
"""
