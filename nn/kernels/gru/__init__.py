"""Kernels of gru."""
