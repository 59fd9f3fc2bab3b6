"""Generative adversarial networks, composed of the ladders: two networks that learn against each other.

    blueprint = Blueprint(Shape(28, 28, 1), classes=10, conditioning="projection", architecture="convolution")
    gan = Gan(blueprint, generator=np.random.default_rng(0))
    trainer = GanTrainer(gan, images, labels, generator=np.random.default_rng(1))
    trainer.train(epochs=10)
    new = gan.generate(64, generator=np.random.default_rng(2))

(Goodfellow et al. 2014, "Generative adversarial nets".)
"""

from networks.gan.blueprint import Blueprint
from networks.gan.gan import Gan
from networks.gan.settings import GanSettings
from networks.gan.trainer import GanTrainer

__all__ = ["Blueprint", "Gan", "GanSettings", "GanTrainer"]
