"""A network from a file of Keras, of which nothing is run or trusted."""
