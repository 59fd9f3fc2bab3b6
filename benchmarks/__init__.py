"""Benchmarks: every rung against the one below, against PyTorch and against the machine's own limits."""
