"""Sweeps: many trainings of a program whose settings are searched, and a report of what came of them."""
