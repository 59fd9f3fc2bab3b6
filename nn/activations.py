"""Activation functions, each beside its derivative.

Every derivative is written as a function of the activation's own *output*: backprop then needs no
second history of sums. At a kink the derivative is that of the flatter side. At the infinities both are
the limits there; NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from nn.configurable import described_fields
from nn.lookup import look_up
from nn.short_text import join_names, short_repr


@dataclass(frozen=True)
class Activation:
    """A function applied to every neuron's sum.

    Attributes
    ----------
    name
        What configurations call it.
    code
        What kernels call it.
    range
        Lowest and highest value it can produce; open ends are reached only by rounding.
    slope
        Its one parameter, 0 where it has none: the slope of the leaky or saturated part, or of a hard
        sigmoid in the middle.
    piecewise_linear
        Whether its second derivative is zero but at kinks.
    """

    name: ClassVar[str]
    code: ClassVar[int]
    piecewise_linear: ClassVar[bool] = False
    _range: ClassVar[tuple[float, float]] = (-np.inf, np.inf)

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value."""
        return self._range

    @property
    def slope(self) -> float:
        """The parameter that kernels receive."""
        return 0.0

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Apply the function.

        Parameters
        ----------
        sums
            float32 or float64, any shape.

        Returns
        -------
        ndarray
            The values, a new array of the same shape and dtype.
        """
        raise NotImplementedError

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """Differentiate the function where it has produced `values`.

        Parameters
        ----------
        values
            What the activation returned, float32 or float64, any shape.

        Returns
        -------
        ndarray
            d value / d sum, a new array of the same shape and dtype.
        """
        raise NotImplementedError

    def curvature(self, values: np.ndarray) -> np.ndarray:
        """Differentiate the derivative, as a function of the output, by that output: f'' = curvature * f'.

        Parameters
        ----------
        values
            What the activation returned, float32 or float64, any shape.

        Returns
        -------
        ndarray
            d derivative / d value, a new array of the same shape and dtype; 0 at kinks.
        """
        return np.zeros_like(values)

    def to_configuration(self) -> dict[str, Any]:
        """Return what `from_configuration` reads."""
        return {"name": self.name, **asdict(self)}


@dataclass(frozen=True)
class Identity(Activation):
    """f(x) = x."""

    name = "identity"
    code = 0
    piecewise_linear = True

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return a copy."""
        return sums.copy()

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = 1."""
        return np.ones_like(values)


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """f(x) = x for x > 0, leakage * x below (Maas et al. 2013, section 2).

    Raises
    ------
    ValueError
        When the leakage is not in [0, 1]: outside, the output no longer shows the side of the kink.
    """

    leakage: float = 0.01
    name = "leaky_relu"
    code = 1
    piecewise_linear = True

    def __post_init__(self) -> None:
        _check_leakage(self.name, self.leakage)

    @property
    def range(self) -> tuple[float, float]:
        """Not negative when nothing leaks."""
        return (-np.inf if self.leakage else 0.0), np.inf

    @property
    def slope(self) -> float:
        """The leakage."""
        return self.leakage

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return x or leakage * x, whichever is greater."""
        if not self.leakage:  # times zero, an infinite number would be NaN
            return np.maximum(sums, 0)
        return np.maximum(sums, sums.dtype.type(self.leakage) * sums)

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = 1 or leakage; the sign of the output is that of the sum."""
        steep = values > 0 if self.leakage else ~(values <= 0)
        return np.where(steep, 1, self.leakage).astype(values.dtype)


@dataclass(frozen=True)
class ReLU(Activation):
    """f(x) = max(x, 0) (Nair and Hinton 2010)."""

    name = "relu"
    code = 1
    piecewise_linear = True
    _range = (0.0, np.inf)

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return max(x, 0)."""
        return np.maximum(sums, 0)

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = 1 above zero, 0 elsewhere."""
        return (~(values <= 0)).astype(values.dtype)


@dataclass(frozen=True)
class ELU(Activation):
    """f(x) = x for x > 0, exp(x) - 1 below (Clevert et al. 2016, equation 15 with alpha = 1)."""

    name = "elu"
    code = 2
    _range = (-1.0, np.inf)

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return x or exp(x) - 1."""
        return np.where(sums > 0, sums, np.expm1(np.minimum(sums, 0)))

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = 1 above zero, f + 1 below."""
        return np.where(values <= 0, values + 1, 1).astype(values.dtype)

    def curvature(self, values: np.ndarray) -> np.ndarray:
        """Return 0 above zero, 1 below, where f' = f + 1."""
        return (values < 0).astype(values.dtype)


@dataclass(frozen=True)
class Softplus(Activation):
    """f(x) = log(1 + exp(x)) (Dugas et al. 2001)."""

    name = "softplus"
    code = 3
    _range = (0.0, np.inf)

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return log(1 + exp(x)) without overflow."""
        return np.maximum(sums, 0) + np.log1p(np.exp(-np.abs(sums)))

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = sigmoid(x) = 1 - exp(-f)."""
        return -np.expm1(-values)

    def curvature(self, values: np.ndarray) -> np.ndarray:
        """Return exp(-f), of f' = 1 - exp(-f)."""
        return np.exp(-values)


@dataclass(frozen=True)
class Tanh(Activation):
    """f(x) = tanh(x) (LeCun et al. 1998, "Efficient BackProp", section 4.4)."""

    name = "tanh"
    code = 4
    _range = (-1.0, 1.0)

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return tanh(x)."""
        return np.tanh(sums)

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = 1 - f²."""
        return 1 - values * values

    def curvature(self, values: np.ndarray) -> np.ndarray:
        """Return -2 f, of f' = 1 - f²."""
        return -2 * values


@dataclass(frozen=True)
class Sigmoid(Activation):
    """f(x) = 1 / (1 + exp(-x)) (Rumelhart, Hinton and Williams 1986, equation 2)."""

    name = "sigmoid"
    code = 5
    _range = (0.0, 1.0)

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return the logistic function without overflow."""
        small = np.exp(-np.abs(sums))
        return np.where(sums >= 0, 1, small) / (1 + small)

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = f (1 - f)."""
        return values * (1 - values)

    def curvature(self, values: np.ndarray) -> np.ndarray:
        """Return 1 - 2 f, of f' = f (1 - f)."""
        return 1 - 2 * values


@dataclass(frozen=True)
class Squash(Activation):
    """f(x) = x within [-1, 1], with slope `leakage` outside.

    With leakage 0 this is the hard tanh (Collobert 2004): a piecewise-linear squash.
    """

    leakage: float = 0.0
    name = "squash"
    code = 6
    piecewise_linear = True

    def __post_init__(self) -> None:
        _check_leakage(self.name, self.leakage)

    @property
    def range(self) -> tuple[float, float]:
        """-1 to 1 when nothing leaks."""
        return (-np.inf, np.inf) if self.leakage else (-1.0, 1.0)

    @property
    def slope(self) -> float:
        """The leakage."""
        return self.leakage

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return x, squashed beyond -1 and 1."""
        inside = np.clip(sums, -1, 1)
        if not self.leakage:
            return inside
        return inside + sums.dtype.type(self.leakage) * (sums - inside)

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = 1 strictly between -1 and 1, leakage elsewhere."""
        return np.where(np.abs(values) >= 1, self.leakage, 1).astype(values.dtype)


@dataclass(frozen=True)
class HardSigmoid(Activation):
    """f(x) = steepness * x + 0.5, held within [0, 1]: a piecewise-linear sigmoid.

    Courbariaux, Bengio and David 2015, equation 3, with a steepness of 1/2; other libraries have 1/6, and
    older versions 0.2.

    Raises
    ------
    ValueError
        When the steepness is not in (0, 1].
    """

    steepness: float = 1 / 6
    name = "hard_sigmoid"
    code = 7
    piecewise_linear = True
    _range = (0.0, 1.0)

    def __post_init__(self) -> None:
        given = self.steepness
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= 1:
            raise ValueError(
                f"activation {self.name}: steepness {short_repr(given)} is not a number in (0, 1]"
            )

    @property
    def slope(self) -> float:
        """The steepness."""
        return self.steepness

    def __call__(self, sums: np.ndarray) -> np.ndarray:
        """Return steepness * (x + 0.5 / steepness), which loses nothing near 0, within 0 and 1."""
        kind = sums.dtype.type
        return np.clip(kind(self.steepness) * (sums + kind(0.5 / self.steepness)), 0, 1)

    def derivative(self, values: np.ndarray) -> np.ndarray:
        """f' = steepness strictly between 0 and 1, 0 elsewhere."""
        return np.where((values <= 0) | (values >= 1), 0, self.steepness).astype(values.dtype)


ACTIVATIONS: dict[str, type[Activation]] = {
    kind.name: kind for kind in (Identity, ReLU, LeakyReLU, ELU, Softplus, Tanh, Sigmoid, Squash, HardSigmoid)
}


def activation_from_configuration(configuration: Mapping[str, Any]) -> Activation:
    """Return the activation that `to_configuration` described.

    Parameters
    ----------
    configuration
        `name`, one of `ACTIVATIONS`, and `leakage` or `steepness` where the activation has one.

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        When the name is unknown or a parameter does not belong to it.
    """
    settings = described_fields(configuration, "activation")
    name = settings.pop("name", None)
    kind = look_up(ACTIVATIONS, name, "activation")
    unknown = set(settings) - {field.name for field in fields(kind)}
    if unknown:
        raise ValueError(f"activation {name} has no parameter {join_names(sorted(map(str, unknown)))}")
    return kind(**settings)


def _check_leakage(name: str, leakage: float) -> None:
    if isinstance(leakage, bool) or not isinstance(leakage, int | float) or not 0 <= leakage <= 1:
        raise ValueError(f"activation {name}: leakage {short_repr(leakage)} is not a number in [0, 1]")
