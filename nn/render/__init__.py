"""Pictures of images, losses and networks: arrays in, `PIL.Image` out, `save` for the disk."""

from nn.render.canvas import save
from nn.render.classes import confusion, mistakes
from nn.render.curves import loss_curve
from nn.render.diagram import network_picture
from nn.render.grids import reconstructions
from nn.render.layer_curves import layer_curves
from nn.render.network import ConnectionsPicture, LayerPicture, strongest_connections
from nn.render.sweep import code_sweep

__all__ = [
    "ConnectionsPicture",
    "LayerPicture",
    "code_sweep",
    "confusion",
    "layer_curves",
    "loss_curve",
    "mistakes",
    "network_picture",
    "reconstructions",
    "save",
    "strongest_connections",
]
