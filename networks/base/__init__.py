"""What the rungs of the ladders share; nothing here is a network to build models from."""
