"""Kernels of lstm."""
