"""The queue: jobs that are submitted, and workers on one machine or several that run them."""
