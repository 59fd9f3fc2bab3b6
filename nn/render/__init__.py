"""Pictures of images, losses and networks: arrays in, `PIL.Image` out, `save` for the disk."""

from nn.render.animation import side_by_side, write_gif, write_webp
from nn.render.canvas import save
from nn.render.classes import confusion, mistakes
from nn.render.curves import loss_curve
from nn.render.diagram import network_picture
from nn.render.grids import reconstructions
from nn.render.layer_curves import layer_curves
from nn.render.network import ConnectionsPicture, LayerPicture, strongest_connections
from nn.render.sweep import code_sweep
from nn.render.video_file import write_video

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
    "side_by_side",
    "strongest_connections",
    "write_gif",
    "write_video",
    "write_webp",
]
