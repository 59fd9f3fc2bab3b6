"""Engines: where the processes of workers run, on this machine or on those of a Ray cluster.

`engine` says what an engine is, `local` starts processes here. What the processes do is the same with every
engine.
"""
