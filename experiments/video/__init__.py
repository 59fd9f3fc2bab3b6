"""Training of networks of videos, led by arguments."""
