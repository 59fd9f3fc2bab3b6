"""Files of weights, read into networks that are there."""
