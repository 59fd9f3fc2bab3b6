"""Kernels of recurrent."""
