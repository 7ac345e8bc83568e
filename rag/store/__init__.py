"""What is kept: the catalogue, and the indexes derived from it."""
