"""Numba kernels, one file per family of networks; nothing outside this package is compiled."""

from nn.kernels.core.numba_environment import check_environment

check_environment()
