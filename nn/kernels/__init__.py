"""Numba kernels, one file per family of networks; nothing outside this package is compiled."""
