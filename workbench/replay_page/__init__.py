"""A run as one file that a browser opens from disk: frames of it, and the scripts of the page that draw them.

`recording` collects the frames, `wires` the connections, `scripts` joins the page's own scripts to one, and
`document` makes the file of all three.
"""
