"""Qdrant's engine inside this process: one folder, owned by one process."""
