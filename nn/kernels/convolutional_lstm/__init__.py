"""Kernels of convolutional lstm."""
