"""The page of experiments: recorded runs, their curves beside each other, the queue, and sweeps."""
