"""Kernels of graph."""
