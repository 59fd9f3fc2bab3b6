"""Networks of videos, composed of the ladders: an encoder, a decoder and a predictor.

    blueprint = Blueprint(Shape(64, 64, 1), units=1024, adapter=1024)
    network = VideoNetwork(blueprint, generator=generator)
    batches = ClipBatches(clips, blueprint)
    trainer = video_trainer(network, RMSprop(1e-3), batches, batch_size=64, generator=generator)
    trainer.train(minutes=60)
    frames = network.reconstruct_and_predict(clips)["prediction"]

(Srivastava, Mansimov and Salakhutdinov 2015, "Unsupervised learning of video representations using LSTMs".)
"""

from networks.video.batches import ClipBatches
from networks.video.blueprint import Blueprint
from networks.video.measures import head_losses, head_metrics, in_all_units, measure
from networks.video.network import VideoNetwork
from networks.video.sampling import Sampling
from networks.video.training import video_trainer

__all__ = [
    "Blueprint",
    "ClipBatches",
    "Sampling",
    "VideoNetwork",
    "head_losses",
    "head_metrics",
    "in_all_units",
    "measure",
    "video_trainer",
]
