"""What a network is made of: neurons, connections, images, histories, parameters and how they learn."""
