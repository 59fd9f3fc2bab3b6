"""Checks of what a network computes: gradients, and what bfloat16 storage changes."""
