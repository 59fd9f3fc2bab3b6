"""Looking into a network that trains: `inspector` answers, with what an `observer` sees of a session.

`view` says which examples are looked at, `probe` runs them, `baseline` measures changes, `walk` takes a step
of training apart. `anatomy` finds neurons and connections in the parameters.
"""
