"""tanh and the logistic function of whole vectors, for kernels that apply them between other arithmetic.

The same functions as in `nn.kernels.core.activations`: a rational one for float32, the C library's, lane by
lane, for float64.
"""

from numpy import float32

from nn.kernels.core.compilation import compiled_as, in_kernels_only
from nn.kernels.core.simd import broadcast, multiply_add
from nn.kernels.core.vector_arithmetic import clamp, is_single, lane_by_lane

_tanh_of_lanes = lane_by_lane("tanh")
_exp_of_lanes = lane_by_lane("exp")


def tanh(x):
    """tanh(x) of every lane."""
    in_kernels_only()


@compiled_as(tanh)
def _tanh(x):
    if not is_single(x):
        return lambda x: _tanh_of_lanes(x)  # noqa: PLW0108 - Numba wants a Python function

    def rational(x):
        """Odd polynomial of degree 13 over an even one of degree 6, saturated at 8.0 (Eigen's ptanh).

        There it is 1 to the bit with fused multiply-adds, so that no signal passes a gate that is shut.
        """
        limit = float32(7.99881172180175781)
        x = clamp(x, broadcast(-limit), broadcast(limit))
        s = x * x
        p = broadcast(float32(-2.76076847742355e-16))
        p = multiply_add(p, s, broadcast(float32(2.00018790482477e-13)))
        p = multiply_add(p, s, broadcast(float32(-8.60467152213735e-11)))
        p = multiply_add(p, s, broadcast(float32(5.12229709037114e-08)))
        p = multiply_add(p, s, broadcast(float32(1.48572235717979e-05)))
        p = multiply_add(p, s, broadcast(float32(6.37261928875436e-04)))
        p = multiply_add(p, s, broadcast(float32(4.89352455891786e-03)))
        q = broadcast(float32(1.19825839466702e-06))
        q = multiply_add(q, s, broadcast(float32(1.18534705686654e-04)))
        q = multiply_add(q, s, broadcast(float32(2.26843463243900e-03)))
        q = multiply_add(q, s, broadcast(float32(4.89352518554385e-03)))
        return x * (p / q)  # in this order nothing is lost of a subnormal number

    return rational


def sigmoid(x):
    """1 / (1 + exp(-x)) of every lane."""
    in_kernels_only()


@compiled_as(sigmoid)
def _sigmoid(x):
    if not is_single(x):

        def logistic(x):
            one = broadcast(1.0)
            return one / (one + _exp_of_lanes(broadcast(0.0) - x))

        return logistic

    def through_tangent(x):
        """Use 1 / (1 + exp(-x)) = 1/2 + tanh(x / 2) / 2: one division instead of two steps."""
        half = broadcast(float32(0.5))
        return multiply_add(tanh(x * half), half, half)

    return through_tangent
