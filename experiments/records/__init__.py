"""Commands on recorded runs: `python -m experiments list | show | compare | plot | export | delete`.

`workbench.records` keeps the records; here they are chosen, shown, drawn and written elsewhere.
"""
