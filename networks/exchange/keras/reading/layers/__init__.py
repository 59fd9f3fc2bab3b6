"""What each class of layers becomes."""
