"""The results of several machines brought together: `python -m experiments sync FOLDER`.

`source` reads another records file, `runs` and `sweeps` merge what it holds, `folders` says where a run's
files come from and go to, and `files` copies them. Nothing that the other file says is trusted: it is read as
a copy, and checked; its paths are looked for within its own folder alone, and lead nowhere outside of ours.
"""
