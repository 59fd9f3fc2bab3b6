"""The browser frontend: a page on this machine that shows a run and lets a person change it."""
