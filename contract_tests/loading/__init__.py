"""Files that people write, read into the model with the position of everything in them."""
