"""What the company knows, for machines: entries, search, and how far the index is."""
