"""Kernels of dense."""
