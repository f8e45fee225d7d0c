"""What runs in the process of `child`: one module per format, without Django."""
