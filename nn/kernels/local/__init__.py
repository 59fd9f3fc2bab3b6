"""Kernels of local."""
