"""Steering a training run, and the record of the changes made to it.

The run
    `run` does what is asked (`watched` tells where it stands, with `status_report` and `speed`), with one
    `session` after another in its `run_directory`, which keeps `snapshots`; where a program names none, it
    lies in one of the `temporary_folders`. `run_state` is what any run has; the `gan_run` of two
    networks that learn against each other is watched only.
What is changed, and the record of it
    `changes`, made by `steering`; `journal` with its `events` and their `lineage`; `replay`.
The process
    `worker` opens a run and keeps answering, in a `request_loop`, what comes into its `mailbox`, as often
    as a `throttle` lets it; `operations` lists what can be asked, `requests` and `messages` how it travels.
"""
