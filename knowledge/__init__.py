"""What we know and how we find it."""
