"""A run that can be watched and changed while it trains; what the browser frontend is built on.

The run
    `run` does what is asked (`watched` tells where it stands, with `telling` and `speed`), with one session
    after another (`sessions`) in its model directory (`home`, `catalogue`).
What is changed, and the record of it
    `changes`, made by `steering`; `journal` with its `events` and their `lineage`; `replaying`.
Looking into it
    `inspector`, with what it sees of a session (`sight`): `view`, `probe`, `mark`, `codes`, `walk`. `anatomy`
    finds neurons and connections in the parameters, with `wiring` and `local_wiring`.
The process
    `worker` opens what an `order` asks for (`opening`) and keeps `answering` what comes into its `mailbox`,
    at a `pace`; `operations` lists what can be asked, `messages` how it travels.
"""
