"""What a budget counts, when, in which words, and whom it warns; `tenants.usage` is its face."""
