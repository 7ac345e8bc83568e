"""What computes: embedding models."""
