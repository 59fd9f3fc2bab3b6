"""An image autoencoder: a command line over networks that can be looked at."""
