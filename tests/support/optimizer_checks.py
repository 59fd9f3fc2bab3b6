"""What the tests of optimizers share: parameters to step, gradients to step along, and every kind of step."""

import numpy as np

from nn.optimizers import FTRL, OPTIMIZERS, SGD, Adagrad, Adam, RMSprop, optimizer_by_name
from nn.parameters import Parameters

EVERY_KIND = {
    **{name: lambda name=name: optimizer_by_name(name, 0.01) for name in OPTIMIZERS},
    "sgd that decays": lambda: SGD(0.01, weight_decay=0.1),
    "rmsprop with momentum": lambda: RMSprop(0.01, momentum=0.9),
    "centered rmsprop": lambda: RMSprop(0.01, centered=True, weight_decay=0.1),
    "adagrad that decays": lambda: Adagrad(0.01, weight_decay=0.1),
    "amsgrad": lambda: Adam(0.01, amsgrad=True),
    "sparse ftrl": lambda: FTRL(0.1, l1=0.01, l2=0.1),
}
"""Every kernel, and every option that changes what a step does."""


def make_parameters(size=37, dtype=np.float64, seed=1):
    parameters = Parameters({"weights": (size,)}, dtype)
    parameters.values[:] = np.random.default_rng(seed).standard_normal(size)
    return parameters


def run_steps(optimizer, parameters, steps, seed=2):
    """Take steps along new gradients for each."""
    generator = np.random.default_rng(seed)
    for _ in range(steps):
        parameters.gradients[:] = generator.standard_normal(parameters.size)
        optimizer.step(parameters)
    return parameters.values
