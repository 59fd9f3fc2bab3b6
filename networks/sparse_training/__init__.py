"""Training that moves the connections of sparse layers: `networks.SET` and `networks.RigL`."""
