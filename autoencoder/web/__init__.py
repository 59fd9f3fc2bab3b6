"""What the page of an autoencoder has beside that of any run: panels for codes and images from outside."""
