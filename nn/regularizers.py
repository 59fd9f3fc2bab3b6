"""Regularizers: penalties on large weights, and limits of their size.

A penalty adds its gradient before the step; a limit is applied to the values after it. Frozen arrays are
left out. Decoupled weight decay is part of the optimizers.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nn.argument_checks import check_not_negative, check_positive
from nn.configurable import Configurable, from_configuration
from nn.kernels.optimizers import penalties as kernels
from nn.optimizer import PARALLEL_FROM
from nn.parameters import Parameters

WEIGHTS = "weights"
"""The end of the names of arrays of weights; biases, scales, shifts and peepholes are not weights."""


class Regularizer(Configurable, ABC):
    """Keeps weights from growing large.

    Parameters
    ----------
    arrays
        Names of arrays, or of networks, which stand for all their weights. None: all weights, that is the
        arrays whose names end in "weights".

    Raises
    ------
    ValueError
        When `arrays` is not a list of names.
    """

    def __init__(self, arrays: Sequence[str] | None = None) -> None:
        if arrays is not None and (
            isinstance(arrays, str)
            or not isinstance(arrays, Sequence)
            or not all(isinstance(name, str) for name in arrays)
        ):
            raise ValueError(f"arrays {arrays!r}: must be a list of names")
        self.arrays = None if arrays is None else list(arrays)

    def before_step(self, parameters: Parameters) -> float:
        """Add the gradient of the penalty to the gradients; return the penalty, in the loss's units.

        Raises
        ------
        ValueError
            When a name in `arrays` names nothing, or an array cannot be regularized so.
        """
        return 0.0

    def after_step(self, parameters: Parameters) -> None:
        """Move values back within the limit; raise as `before_step`."""

    def chosen(self, parameters: Parameters) -> list[str]:
        """Return the names of the arrays that it applies to, in memory order.

        Raises
        ------
        ValueError
            When a name in `arrays` names nothing.
        """
        wanted = set()
        for prefix in [""] if self.arrays is None else self.arrays:
            names = parameters.matching(prefix) if prefix or parameters.names else []
            wanted |= {name for name in names if name == prefix or name.endswith(WEIGHTS)}
        wanted -= set(parameters.frozen)
        return [name for name in parameters.names if name in wanted and parameters[name].size]


class _Penalty(Regularizer):
    """A penalty that is a sum over the weights.

    Raises
    ------
    ValueError
        When the rate is negative or not a finite number, or as `Regularizer`.
    """

    def __init__(self, rate: float, arrays: Sequence[str] | None = None) -> None:
        super().__init__(arrays)
        self.rate = check_not_negative("rate", rate)

    def _add(self, parameters: Parameters, serial: Callable, parallel: Callable) -> float:
        """Run a kernel over all chosen arrays; return the sum of its sums."""
        total = 0.0
        for name in self.chosen(parameters):
            values, gradients = parameters[name].reshape(-1), parameters.gradient(name).reshape(-1)
            rate = values.dtype.type(self.rate)
            if values.size < PARALLEL_FROM:
                total += float(serial(values, gradients, rate))
                continue
            sums = np.empty(-(-values.size // kernels.CHUNK))
            parallel(values, gradients, rate, sums)
            total += float(sums.sum())
        return total


class L1(_Penalty):
    """Penalty rate * sum of |weight|, which draws weights to zero (Tibshirani 1996).

    The gradient is rate * sign(weight), and 0 at 0.
    """

    name = "l1"

    def before_step(self, parameters: Parameters) -> float:
        """Add the gradient of the penalty; see `Regularizer.before_step`."""
        return self.rate * self._add(parameters, kernels.add_l1, kernels.add_l1_parallel)


class L2(_Penalty):
    """Penalty rate / 2 * sum of weight² (Hoerl and Kennard 1970, "Ridge regression").

    The gradient is rate * weight, which PyTorch's optimizers but AdamW call `weight_decay`.
    """

    name = "l2"

    def before_step(self, parameters: Parameters) -> float:
        """Add the gradient of the penalty; see `Regularizer.before_step`."""
        return self.rate / 2 * self._add(parameters, kernels.add_l2, kernels.add_l2_parallel)


class MaxNorm(Regularizer):
    """The weights into a neuron are shortened to a length of at most `limit` (Srivastava et al. 2014, 5.1).

    The first axis of an array of weights runs over the neurons. Arrays that have no such axis, those
    of windows and graphs with weights of their own, are refused; in a transposed convolution the first
    axis runs over the inputs: name the other arrays.

    Raises
    ------
    ValueError
        When the limit is not a finite number above 0, or as `Regularizer`.
    """

    name = "max_norm"

    def __init__(self, limit: float, arrays: Sequence[str] | None = None) -> None:
        super().__init__(arrays)
        self.limit = check_positive("limit", limit)

    def before_step(self, parameters: Parameters) -> float:
        """Check that all arrays can be limited; there is no penalty. See `Regularizer.before_step`."""
        self._checked(parameters)
        return 0.0

    def after_step(self, parameters: Parameters) -> None:
        """Shorten the weights of every neuron where they are too long; see `Regularizer.after_step`."""
        for name in self._checked(parameters):
            values = parameters[name].reshape(-1)
            width = values.size // parameters.shapes[name][0]
            kernels.limit_rows(values, width, values.dtype.type(self.limit))

    def _checked(self, parameters: Parameters) -> list[str]:
        names = self.chosen(parameters)
        for name in names:
            if len(parameters.shapes[name]) < 2:
                raise ValueError(
                    f"max_norm: {name} {parameters.shapes[name]} has no row of weights for every neuron; "
                    "choose other arrays"
                )
        return names


REGULARIZERS: dict[str, type[Regularizer]] = {kind.name: kind for kind in (L1, L2, MaxNorm)}


def regularizer_from_configuration(configuration: Mapping[str, Any]) -> Regularizer:
    """Return the regularizer that `to_configuration` described.

    Raises
    ------
    ValueError
        When the name is unknown, or a field unknown, missing, of the wrong kind or out of range; the
        message names it.
    """
    return from_configuration(REGULARIZERS, configuration, "regularizer")
