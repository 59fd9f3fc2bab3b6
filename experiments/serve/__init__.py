"""The page of experiments: recorded runs, their curves beside each other, and sweeps."""
