"""Parts of a training run that fail on request, and runs that have one of them."""

import signal

import numpy as np

from networks.base.weightless import Weightless
from networks.dense import Dense
from networks.sequential import Sequential
from nn.clipping import Clipping
from nn.losses import SquaredError, TargetError
from nn.optimizers import FTRL, SGD, Adam
from nn.regularizers import MaxNorm, Regularizer
from nn.schedules import Constant
from nn.training import Callback, ImageBatches, Options, Prefetched
from tests.support.tiny_training import everything, make_full_trainer, make_images, make_trainer


class Wrong(Exception):  # noqa: N818 - made up
    """What goes wrong."""


class Once:
    """Fails once, on request."""

    def __init__(self, fail):
        self.fail, self.armed = fail, False

    def __call__(self):
        if self.armed:
            self.armed = False
            self.fail()


def raise_wrong():
    raise Wrong


def interrupt():
    signal.raise_signal(signal.SIGINT)


class Source(ImageBatches):
    def __init__(self, once):
        super().__init__(make_images())
        self.once = once

    def batch(self, indices):
        batch = super().batch(indices)
        self.once()
        return batch


class FailingSquaredError(SquaredError):
    def __init__(self, once, place):
        self.once, self.place = once, place

    def __call__(self, *arguments, **options):
        result = super().__call__(*arguments, **options)
        if self.place == "loss":
            self.once()
        return result

    def weight(self, *arguments, **options):
        if self.place == "weight":
            self.once()
        return super().weight(*arguments, **options)


class WrongLabelsError(SquaredError):
    """Finds a label that does not exist."""

    def __init__(self, once):
        self.once = once

    def __call__(self, *arguments, **options):
        try:
            self.once()
        except Wrong as error:
            raise TargetError("no such label", 1) from error
        return super().__call__(*arguments, **options)


class FailingSchedule(Constant):
    def __init__(self, once, given=None):
        object.__setattr__(self, "once", once)
        object.__setattr__(self, "given", given)

    def __call__(self, moment):
        armed = self.once.armed
        if self.given is None:
            self.once()
        self.once.armed = False
        return self.given if armed and self.given is not None else 1.0


class Failing(Regularizer):
    name = "failing"

    def __init__(self, once, before):
        super().__init__()
        self.once, self.before = once, before

    def before_step(self, parameters):
        parameters.gradients[:] += 0.01
        if self.before:
            self.once()
        return 0.0

    def after_step(self, parameters):
        parameters.values[:] *= 0.99
        if not self.before:
            self.once()


class FailingMaxNorm(MaxNorm):
    def __init__(self, once):
        super().__init__(0.5)
        self.once = once

    def after_step(self, parameters):
        super().after_step(parameters)
        self.once()


class FailingClipping(Clipping):
    name = "failing"

    def __init__(self, once):
        super().__init__(1.0)
        self.once = once

    def __call__(self, parameters):
        parameters.gradients[:] *= 0.5
        self.once()
        return 1.0


class FailingAdam(Adam):
    def __init__(self, once, before):
        super().__init__(0.01)
        self.once, self.before = once, before

    def step(self, parameters, factor=1.0):
        if self.before:
            self.once()
        super().step(parameters, factor)
        self.once()


class FailingScalars(Adam):
    def __init__(self, once):
        super().__init__(0.01)
        self.once = once

    def _scalars(self, rate):
        self.once()
        return super()._scalars(rate)


class Layer(Weightless):
    """Passes everything on, and fails forward or backward."""

    family = "layer_of_the_tests"

    def __init__(self, shape, once, place):
        super().__init__(shape, shape, np.float32)
        self.once, self.place = once, place

    def forward(self, values, training=False):
        if training and self.place == "forward":
            self.once()
        self._values = values
        return values

    def backward(self, signals, learning_rate=None):
        if self.place == "backward":
            self.once()
        self._signals = signals
        return signals


class FailingCallback(Callback):
    def __init__(self, once, hook):
        self.once, self.hook = once, hook

    def wants_gradients(self, trainer):
        if self.hook == "wants_gradients":
            self.once()
        return True

    def on_gradients(self, trainer):
        if self.hook == "on_gradients":
            self.once()


def layered(once, place, optimizer):
    """Return a trainer of a network with noise, which fails in the middle."""
    trainer = make_full_trainer()
    encoder, noise, decoder = trainer.network.networks
    generator = np.random.default_rng(8)
    chained = Sequential(
        [
            Dense(encoder.input_shape, encoder.output_shape, generator=generator),
            type(noise)(encoder.output_shape, generator=generator),
            Layer(encoder.output_shape, once, place),
            Dense(decoder.input_shape, decoder.output_shape, generator=generator),
        ]
    )
    return make_trainer(network=chained, optimizer=optimizer, generator=generator)


PLACES = {
    "batches": lambda once: make_full_trainer(batches=Source(once)),
    "prefetched batches": lambda once: make_full_trainer(batches=Prefetched(Source(once))),
    "loss": lambda once: make_full_trainer(loss=FailingSquaredError(once, "loss")),
    "weight of the batch": lambda once: make_full_trainer(loss=FailingSquaredError(once, "weight")),
    "labels": lambda once: make_full_trainer(loss=WrongLabelsError(once)),
    "schedule": lambda once: make_full_trainer(schedule=FailingSchedule(once)),
    "factor of nan": lambda once: make_full_trainer(schedule=FailingSchedule(once, np.nan)),
    "negative factor": lambda once: make_full_trainer(
        schedule=FailingSchedule(once, -1.0), optimizer=SGD(0.1), options=Options()
    ),
    "before the step": lambda once: make_full_trainer(
        options=Options(regularizers=[Failing(once, before=True)])
    ),
    "after the step": lambda once: make_full_trainer(
        options=Options(regularizers=[Failing(once, before=False)])
    ),
    "after a limit": lambda once: make_full_trainer(options=Options(regularizers=[FailingMaxNorm(once)])),
    "after a step of descent": lambda once: make_full_trainer(
        options=Options(regularizers=[Failing(once, before=False)]), optimizer=SGD(0.1, momentum=0.9)
    ),
    "clipping": lambda once: make_full_trainer(options=Options(clipping=FailingClipping(once))),
    "optimizer, first": lambda once: make_full_trainer(optimizer=FailingAdam(once, before=True)),
    "optimizer, last": lambda once: make_full_trainer(optimizer=FailingAdam(once, before=False)),
    "scalars of the optimizer": lambda once: make_full_trainer(optimizer=FailingScalars(once)),
    "forward": lambda once: layered(once, "forward", Adam(0.01)),
    "forward, descending at once": lambda once: layered(once, "forward", SGD(0.1)),
    "backward": lambda once: layered(once, "backward", Adam(0.01)),
    "backward of FTRL": lambda once: layered(once, "backward", FTRL(0.1)),
}


def assert_untouched(trainer, before):
    assert everything(trainer) == before
    assert not trainer.network.parameters.gradients.any()
    assert trainer.network.step_mask is None
    assert trainer.network.entries is None
    assert trainer.network.propagates
