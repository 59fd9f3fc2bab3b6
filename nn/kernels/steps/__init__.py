"""Kernels of layers that run step by step, and whose gradients are made of all steps at once."""
