"""What all kernels are made of: how they are compiled and cached, vectors, tiles, products, activations."""
