"""Engines: where the processes of workers run, on this machine or on those of a Ray cluster.

`engine` says what an engine is, `local` starts processes here, `cluster` by Ray, `host` is what Ray runs on
its machines, `options` are those of a command line. What the processes do is the same with every engine.
"""
