"""Experiments: variants of networks compared over several seeds, each with a picture and a table."""
