"""Inspection of a network while it trains: the `inspector` answers requests from an `observer` of a session.

`view` chooses the examples that are shown, `probe` runs them, `baseline` measures changes, `walk` goes
through a step of training layer by layer. `anatomy` finds neurons and connections in the parameters.

Of adversarial networks the `gan_inspector` looks into one of the two `gan_sides`, at one of the `samples`.
"""
