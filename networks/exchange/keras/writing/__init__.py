"""A file of Keras from a network."""
