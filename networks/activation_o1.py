"""Activation, rung o1: one compiled pass over arrays that are kept, on one thread.

Previous rung:  networks/activation.py
What changed:   networks/base/vector_activation.py, which the next rung runs as well:
                1. the function, and its derivative times the signal, are one pass each, without temporary
                   arrays; for float32 exp and tanh are rational functions of whole vectors
                2. values and input signals are buffers kept between calls
Predicted gain: 1 to 2 forwards, where NumPy's own functions are vectorised too; 2 backwards: one pass over
                memory instead of three
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                    N  direction     ms  x plain  x below  x PyTorch  of the limit
    activation, 32x32x16  64  forward    0.122     1.42     1.42      15.02   114% memory
    activation, 32x32x16  64  backward   0.112     2.30     2.30       0.80   248% memory
.. benchmark: end
Loses when:     float64, functions with exp or tanh forwards: the C library is called for every number
Numerics:       1e-5 relative in float32: rational exp and tanh
"""

from __future__ import annotations

from networks.base.vector_activation import VectorActivation


class ActivationLayer(VectorActivation):
    """Applies a function to every value; see `networks.activation.ActivationLayer`."""
