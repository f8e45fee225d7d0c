"""Doors to remote systems."""
