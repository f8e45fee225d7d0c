"""Doors in, for remote systems."""
