"""The program `python -m experiments gan`: adversarial networks from the command line."""
