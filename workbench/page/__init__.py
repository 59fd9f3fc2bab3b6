"""The page in the browser: its server, the guard before it, the link to the run, panels for any network."""
